#include "controller/cli/moment.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/duration.h"
#include "common/status.h"

namespace faultline {
namespace {

constexpr int kMostDays = 3650;

absl::Status Unreadable(absl::string_view text, absl::string_view also) {
  return absl::InvalidArgumentError(absl::StrCat("'", text, "': expected a moment with its zone, such as ",
                                                 "2026-12-01T02:00Z or 2026-12-01T02:00+01:00, or ", also));
}

bool ParseCalendar(absl::string_view text, absl::Time* time) {
  for (const char* format : {"%Y-%m-%dT%H:%M%Ez", "%Y-%m-%dT%H:%M:%E*S%Ez"}) {
    if (absl::ParseTime(format, text, time, nullptr)) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<Duration> ParseLength(absl::string_view text) {
  absl::string_view number = text;
  int days = 0;
  if (!absl::ConsumeSuffix(&number, "d") || !absl::SimpleAtoi(number, &days)) return ParseDuration(text);
  if (days < 0 || days > kMostDays) {
    return absl::InvalidArgumentError(absl::StrCat("'", text, "': expected at most ", kMostDays, "d"));
  }
  return std::chrono::hours(24 * days);
}

absl::StatusOr<absl::Time> ParseMoment(absl::string_view text, absl::Time now) {
  absl::string_view rest = text;
  if (absl::ConsumePrefix(&rest, "+")) {
    FAULTLINE_ASSIGN_OR_RETURN(const Duration later, ParseLength(rest));
    return now + absl::FromChrono(later);
  }
  absl::Time time;
  if (ParseCalendar(text, &time)) return time;
  return Unreadable(text, "+10m from now");
}

absl::StatusOr<absl::Time> ParsePast(absl::string_view text, absl::Time now) {
  absl::Time time;
  if (ParseCalendar(text, &time)) return time;
  const absl::StatusOr<Duration> ago = ParseLength(text);
  if (ago.ok()) return now - absl::FromChrono(*ago);
  return Unreadable(text, "how long ago, such as 7d or 1h30m");
}

std::string FormatMoment(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone());
}

}  // namespace faultline
