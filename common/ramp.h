#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/clock.h"
#include "common/field_error.h"
#include "common/impairment.h"

namespace faultline {

// An impairment that grows or shrinks: from the step's own to `to`, over `over`, and stays there. Numbers (delay,
// jitter, loss, duplicate, corrupt, reorder, rate) move in a straight line; all else is the same at both ends.
struct Ramp {
  Impairment to;
  Duration over{0};
  // In so many equal changes; 0: continuously, which is a change each kRampInterval.
  std::uint32_t changes = 0;

  friend bool operator==(const Ramp&, const Ramp&) = default;
};

inline constexpr Duration kRampInterval = std::chrono::milliseconds(200);

// All that is wrong with a ramp from `from`, and with `from` itself (by its own fields, "delay"; the ramp's are
// "ramp.delay"): an end or what lies between cannot be carried out; a rate at one end only; something else than numbers
// differs; samples; no length; changes closer than 100 ms. A number may be zero at one end although something needs it:
// an impairment that does nothing yet, or a distribution before there is jitter.
std::vector<FieldError> CheckRamp(const Impairment& from, const Ramp& ramp);

// How many changes it has; at least one.
std::size_t RampChanges(const Ramp& ramp);
// When the nth change (from 1 to RampChanges) is due, since the step began; the last at `over`.
Duration RampChangeTime(const Ramp& ramp, std::size_t change);
// How many changes are due at this time since the step began.
std::size_t RampPosition(const Ramp& ramp, Duration elapsed);
// The impairment after this many changes: 0 is `from`.
Impairment RampValue(const Impairment& from, const Ramp& ramp, std::size_t changes);

}  // namespace faultline
