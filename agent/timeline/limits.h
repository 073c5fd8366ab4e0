#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "common/timeline.h"

namespace faultline {

// What this node's owner allows, from the `guard` part of its configuration. It decides last: no controller can
// overrule it.
struct Limits {
  // Longest run that may be armed.
  Duration max_duration = std::chrono::hours(1);
  // Most runs held at one time.
  std::size_t max_runs = 4;
  // Of one run: most steps, and most rules and address ranges in all of them together. What plans have is far less.
  std::size_t max_steps = 1000;
  std::size_t max_rules = 10'000;
  std::size_t max_ranges = 500'000;
};

// Whether one more run may be armed beside `held` others. FAILED_PRECONDITION names the limit and where it is set.
absl::Status CheckLimits(const Timeline& timeline, std::size_t held, const Limits& limits);

}  // namespace faultline
