#pragma once

#include <bitset>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/clock.h"

namespace faultline {

// The moments of a cron expression: "minute hour day-of-month month day-of-week". Each field is '*', a number, a range
// "1-5", a list "1,3-5", with a step after '*' or a range "*/15"; months and days of the week also by their first three
// letters; Sunday is 0 or 7. When both days are restricted (neither field begins with '*') one of them is enough, as in
// every cron. A value; pure.
//
// When clocks change, as Vixie's cron (crontab(5)) has it: an expression of fixed times (neither its minute nor its
// hour begins with '*') that falls into the hour that is left out comes right after it, and in the hour that comes
// twice it comes once, the first time. Any other goes by elapsed time: nothing in the hour left out, twice in the
// other.
class Cron {
 public:
  // INVALID_ARGUMENT names the field, and what was expected. Also for an expression that never comes ("0 0 30 2 *").
  static absl::StatusOr<Cron> Parse(absl::string_view text);

  // The first moment after that one. It always exists: no leap day is more than 8 years away.
  WallTime NextAfter(WallTime after, const absl::TimeZone& zone) const;

 private:
  Cron() = default;
  bool Matches(absl::CivilDay day) const;
  std::optional<absl::Time> FirstOfDay(absl::CivilDay day, absl::Time after, const absl::TimeZone& zone) const;

  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;
  std::bitset<13> months_;
  std::bitset<7> weekdays_;
  bool any_day_ = false;
  bool any_weekday_ = false;
  bool fixed_ = false;
};

// A zone of the IANA database by its name. INVALID_ARGUMENT with an example.
absl::StatusOr<absl::TimeZone> ReadTimeZone(absl::string_view name);

}  // namespace faultline
