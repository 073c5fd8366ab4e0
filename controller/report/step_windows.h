#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// When a step acts, after T0. A value.
struct StepWindow {
  std::string name;
  // What it does, in words.
  std::string effect;
  // As planned.
  Duration start{0};
  Duration end{0};
  // From the first node that confirmed its start to the last that confirmed its end, as far as they have.
  std::optional<Duration> fired;
  std::optional<Duration> healed;
};

// The steps of a run whose place in its time is known, in the plan's order. Pure.
std::vector<StepWindow> StepWindowsOf(const v1::Run& run);

// From where to where there is anything to show of a run: its series, its stages, what was captured. `end` > `start`.
struct RunExtent {
  Duration start{0};
  Duration end{0};
};
RunExtent ExtentOf(const v1::Run& run);

}  // namespace faultline
