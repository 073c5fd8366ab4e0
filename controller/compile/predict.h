#pragma once

#include <span>
#include <string>
#include <vector>

#include "common/timeline.h"

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

// Cuts a run at every start and end of a step. Pure. Stages of no length are left out, but for the baseline: it is
// always there, with start = end = 0 when the first step begins at 0 (it is then observed before T0).
std::vector<Stage> StagesOf(const Timeline& timeline);

// Whether a packet from `source` (a node whose timeline is `sender`, null when it has no agent) to `destination`
// (likewise) arrives while exactly `active` steps act. Evaluates the very rules the nodes will install; from a node to
// itself everything arrives. Pure. REQUIRES: the timelines pass CheckTimeline.
bool Reaches(const Timeline* sender, const IpAddress& source, const Timeline* receiver, const IpAddress& destination,
             std::span<const StepIndex> active);

// A block as a line for people: "drop in  from 172.32.0.0/16 to 172.33.0.0/16", "drop out from 172.32.0.0/16 to
// 172.33.0.0/16 except 172.33.7.44/32". REQUIRES: the timeline passes CheckTimeline.
std::string DescribeBlock(const Block& block, const Timeline& timeline);

}  // namespace faultline
