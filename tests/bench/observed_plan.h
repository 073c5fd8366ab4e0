#pragma once

#include <chrono>

#include "common/clock.h"

namespace faultline::bench {

// How long the figures of daemons are taken over; the run of the plan, its verdicts included, is over in it.
inline constexpr Duration kObservedTime = std::chrono::seconds(20);

inline constexpr char kObservedPlan[] = R"yaml(name: observed
groups:
  london: {labels: {region: eu-west-2}}
  paris:  {labels: {region: eu-west-3}}
steps:
  - {at: 3s, for: 5s, name: one-way, block: {from: london, to: paris}}
  - {after: one-way, for: 5s, name: split, partition: [london, paris]}
)yaml";

}  // namespace faultline::bench
