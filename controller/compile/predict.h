#pragma once

#include <span>
#include <string>
#include <vector>

#include "common/timeline.h"
#include "controller/compile/forecast.h"

namespace faultline {

// A stretch of a run in which the same steps are active.
struct Stage {
  // "baseline" (before the first step), the active steps' names joined by "+", "between", or "healed" (after the last).
  std::string name;
  // After T0.
  Duration start{0};
  Duration end{0};
  std::vector<StepIndex> active;

  friend bool operator==(const Stage&, const Stage&) = default;
};

// Cuts a run at every start and end of a step; flaps and ramps do not cut. Pure. Stages of no length are left out, but
// for the baseline: it is always there, with start = end = 0 when the first step begins at 0 (it is then observed
// before T0).
std::vector<Stage> StagesOf(const Timeline& timeline);

// What becomes, over a stage, of packets like this one from a node whose timeline is `sender` (null when it has no
// agent) to one whose is `receiver` (likewise). Evaluates the very rules the nodes will install; from a node to itself
// everything arrives. Pure. REQUIRES: the timelines pass CheckTimeline.
Prediction Predict(const Timeline* sender, const Timeline* receiver, const Packet& packet, const Stage& stage);

}  // namespace faultline
