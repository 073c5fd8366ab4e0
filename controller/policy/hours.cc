#include "controller/policy/hours.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace faultline {
namespace {

constexpr std::array<const char*, 7> kDays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

absl::Time TimeOf(WallTime time) { return absl::FromUnixNanos(time.time_since_epoch().count()); }

std::string ClockText(Duration after_midnight) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(after_midnight).count();
  return absl::StrFormat("%02d:%02d", minutes / 60, minutes % 60);
}

// "mon-fri", "mon,wed".
std::string Names(const std::bitset<7>& days) {
  std::string text;
  for (std::size_t first = 0; first < kDays.size();) {
    std::size_t end = first;
    while (end < kDays.size() && days[end]) ++end;
    if (end == first) {
      ++first;
      continue;
    }
    absl::StrAppend(&text, text.empty() ? "" : ",", kDays[first]);
    if (end - first > 1) absl::StrAppend(&text, end - first > 2 ? "-" : ",", kDays[end - 1]);
    first = end;
  }
  return text;
}

}  // namespace

Hours::Stretch Hours::Of(absl::CivilDay day) const {
  const auto moment = [this](absl::CivilDay of, Duration after_midnight) {
    return absl::FromCivil(
        absl::CivilSecond(of) + std::chrono::duration_cast<std::chrono::seconds>(after_midnight).count(), zone);
  };
  return {.begin = moment(day, from), .end = moment(to > from ? day : day + 1, to)};
}

bool Hours::HasDay(absl::CivilDay day) const { return days[static_cast<std::size_t>(absl::GetWeekday(day))]; }

bool Hours::Cover(WallTime begin, WallTime end) const {
  // The first moment that is not known to be within.
  absl::Time reached = TimeOf(begin);
  const absl::Time last = TimeOf(end);
  for (absl::CivilDay day = absl::ToCivilDay(reached, zone) - 1; day <= absl::ToCivilDay(last, zone); ++day) {
    if (!HasDay(day)) continue;
    const Stretch stretch = Of(day);
    if (stretch.begin > reached) return false;
    if (stretch.end > last) return true;
    reached = std::max(reached, stretch.end);
  }
  return false;
}

bool Hours::Meet(WallTime begin, WallTime end) const {
  const absl::Time first = TimeOf(begin);
  const absl::Time last = TimeOf(end);
  for (absl::CivilDay day = absl::ToCivilDay(first, zone) - 1; day <= absl::ToCivilDay(last, zone); ++day) {
    if (!HasDay(day)) continue;
    const Stretch stretch = Of(day);
    if (stretch.begin <= last && stretch.end > first) return true;
  }
  return false;
}

std::string Hours::ToString() const {
  const std::string names = days.all() ? "" : absl::StrCat(Names(days), " ");
  return absl::StrCat(names, ClockText(from), " to ", ClockText(to), " ", zone.name());
}

}  // namespace faultline
