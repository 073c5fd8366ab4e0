#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "common/timeline.h"

namespace faultline {

// A run that waits for its stages to be observed stands still at each of its timeline's holds until it is told to
// proceed: the steps that act there act on, and nothing that was to begin or end there or later does. The holds are
// passed in order.

// Longer than any hold lasts: to a node that has not been told how long one does, it has no end.
inline constexpr Duration kLongestHold = std::chrono::hours(10'000);

// How long at most a run may wait for one stage.
inline constexpr Duration kShortestPatience = std::chrono::seconds(1);
inline constexpr Duration kLongestPatience = std::chrono::hours(24);

// Whether a run that does this without its controller may wait for so long. INVALID_ARGUMENT; its message follows the
// name of what was asked for.
absl::Status CheckPatience(Duration patience, ControllerLoss on_controller_loss);

// The ends of all stages that have a step's beginning at their end or later, ascending; the nth is that of the nth
// stage. The baseline's is there too, at 0 when the first step begins at once. Pure.
std::vector<Duration> HoldsOf(const std::vector<Step>& steps);

// Puts off by `shift` all that the timeline has at that hold or later: begins, ends, later holds and its own end. The
// hold itself stays where it began, so that it may be lengthened again, and shortened by as much (`shift` < 0). Pure.
// REQUIRES: the hold exists, and what is at it or later stays there.
void Retime(std::size_t hold, Duration shift, Timeline& timeline);

}  // namespace faultline
