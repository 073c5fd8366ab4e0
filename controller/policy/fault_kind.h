#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "controller/plan/plan.h"

namespace faultline {

// What a policy tells faults apart by.
enum class FaultKind : std::uint8_t {
  // A cut one way; `blackhole` too.
  kBlock,
  // A cut between groups, or parts of a group that are drawn: `halves`, `bridge`, `majorities_ring`, `islands`.
  kPartition,
  // A group cut off from others or from all the world; `region_down` and `az_down` too.
  kIsolate,
  // Delay, loss, a rate and the like.
  kImpair,
  // Any of these that comes and goes.
  kFlap,
};

// "block", "partition" and so on, in the order of FaultKind.
const std::vector<std::string>& FaultKindNames();

// All that a step is: one of the first four, and perhaps kFlap.
std::vector<FaultKind> KindsOf(const PlanStep& step);

}  // namespace faultline
