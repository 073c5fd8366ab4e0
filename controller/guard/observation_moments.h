#pragma once

#include <string>
#include <vector>

#include "common/clock.h"
#include "controller/plan/plan.h"

namespace faultline {

// One time an observation's command is run.
struct ObservationMoment {
  // "before split", "after split", "before the run", "after the run", "at the end".
  std::string text;
  // The step's name; empty when it is of the run.
  std::string step;
  bool before = false;
  // When it is begun, after T0. One with `first` is run to its end before any node is armed instead.
  Duration at{0};
  bool first = false;
  // Begun when the run's end has come, whenever that is, instead.
  bool end = false;
  // Position in the plan's observations.
  std::size_t observation = 0;
};

// Just before a step a command must be done when the step begins, and must not hold it up: it is begun as long before
// as it may take (its timeout), but no sooner than the last step that began or ended before, and at least
// kLeastBefore before; when T0 is later than that, it is run before any node is armed. After a step it is begun
// kAfter after the step's end. "The run" is from the first step's begin to the last one's end.
inline constexpr Duration kLeastBefore = std::chrono::seconds(1);
inline constexpr Duration kAfter = std::chrono::milliseconds(100);

// Every moment of a plan's observations, in order of time, those at the run's end last. Pure.
std::vector<ObservationMoment> MomentsOf(const Plan& plan);

}  // namespace faultline
