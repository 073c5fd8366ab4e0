#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "common/status.h"

namespace faultline {

// A length of time as ParseDuration reads it, or whole days: "7d".
absl::StatusOr<Duration> ParseLength(absl::string_view text);

// A moment to come: "2026-12-01T02:00Z", "2026-12-01T02:00:30+01:00", or "+10m" from `now`. A time without its zone is
// an error. INVALID_ARGUMENT names the text and what it may be.
absl::StatusOr<absl::Time> ParseMoment(absl::string_view text, absl::Time now);

// A moment that has been: the same, and "7d" or "1h30m" before `now`.
absl::StatusOr<absl::Time> ParsePast(absl::string_view text, absl::Time now);

// The same, its error with the option's name before it.
template <typename T>
absl::StatusOr<T> ForOption(absl::string_view option, absl::StatusOr<T> value) {
  if (!value.ok()) return WithContext(value.status(), option);
  return value;
}

// "2026-12-01 02:00:00 UTC".
std::string FormatMoment(absl::Time time);

}  // namespace faultline
