#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "common/clock.h"

namespace faultline {

// A moment here as the controller's clock has it; none while that is not known. Any thread.
using ClockMapping = std::function<std::optional<ControllerTime>(MonotonicTime)>;

// How often to look whether the clocks are mapped by now.
inline constexpr Duration kMappingPatience = std::chrono::milliseconds(100);

}  // namespace faultline
