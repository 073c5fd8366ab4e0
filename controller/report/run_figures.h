#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// What the nodes report of one step, taken together. Each part is absent while no node has reported it.
struct StepFigures {
  std::string name;
  // As planned, after T0.
  std::optional<Duration> at;
  std::optional<Duration> length;
  // Of all nodes the longest time from the planned moment to the kernel's confirmation.
  std::optional<Duration> fired_late;
  std::optional<Duration> healed_late;
  // From the first node's start to the last's. Carries the clock errors of both.
  std::optional<Duration> skew;
  // What its rules matched, on all nodes together.
  std::optional<std::uint64_t> packets;

  // Whether it had rules somewhere, and none ever matched.
  bool MatchedNothing() const { return packets == 0u; }
};

// By step, in the plan's order. Malformed parts of the record count as absent. Pure.
std::vector<StepFigures> FiguresOf(const v1::Run& run);

// The greatest error bound of the run's nodes; absent when none is known.
std::optional<Duration> WorstClockError(const v1::Run& run);

}  // namespace faultline
