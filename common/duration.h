#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/clock.h"

namespace faultline {

// Reads a length of time as people write it: numbers with units, largest unit first ("250ms", "1.5s", "1h30m"; units
// h, m, s, ms, us, ns), or an ISO 8601 time duration ("PT5M", "PT1H30M", "PT0.5S"). A number without a unit is an
// error, except "0". Never negative; at most 10 000 hours.
// INVALID_ARGUMENT says what is wrong and gives an example.
absl::StatusOr<Duration> ParseDuration(absl::string_view text);

// The shortest exact form ParseDuration reads back to the same value: "1h30m", "250ms", "0s". A negative one gets
// a '-' in front (which ParseDuration refuses).
std::string FormatDuration(Duration duration);

}  // namespace faultline
