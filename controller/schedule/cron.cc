#include "controller/schedule/cron.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status.h"

namespace faultline {
namespace {

// Leap days are up to 8 years apart (1896 and 1904).
constexpr int kFurthestDays = 9 * 366;

constexpr std::array<absl::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<absl::string_view, 7> kWeekdays = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct FieldRule {
  absl::string_view name;
  int least;
  int most;
  // Of the values from `least` on.
  std::span<const absl::string_view> words;
};

absl::Status CronError(const FieldRule& rule, absl::string_view text, absl::string_view expected) {
  return absl::InvalidArgumentError(absl::StrCat("the ", rule.name, " '", text, "' ", expected));
}

absl::StatusOr<int> ReadValue(const FieldRule& rule, absl::string_view text) {
  const auto word = std::ranges::find(rule.words, absl::string_view(absl::AsciiStrToLower(text)));
  if (word != rule.words.end()) return rule.least + static_cast<int>(word - rule.words.begin());
  int value = 0;
  const bool digits = !text.empty() && text.size() <= 2 && std::ranges::all_of(text, absl::ascii_isdigit);
  if (!digits || !absl::SimpleAtoi(text, &value) || value < rule.least || value > rule.most) {
    return CronError(
        rule, text,
        absl::StrCat("is not within ", rule.least, " to ", rule.most,
                     rule.words.empty() ? "" : absl::StrCat(", nor a name such as '", rule.words[1], "'")));
  }
  return value;
}

// One item of a list: "*", "3", "1-5", "*/15", "1-30/2".
absl::Status ReadItem(const FieldRule& rule, absl::string_view item, std::vector<int>& values) {
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(item, absl::MaxSplits('/', 1));
  const std::pair<absl::string_view, absl::string_view> ends = absl::StrSplit(parts.first, absl::MaxSplits('-', 1));
  const bool is_range = absl::StrContains(parts.first, '-');
  int first = rule.least;
  int last = rule.most;
  if (parts.first != "*") {
    FAULTLINE_ASSIGN_OR_RETURN(first, ReadValue(rule, ends.first));
    last = first;
    if (is_range) {
      FAULTLINE_ASSIGN_OR_RETURN(last, ReadValue(rule, ends.second));
    }
    // "fri-sun", but not "sun-sun".
    if (is_range && rule.most == 7 && last == 0 && first > 0) last = 7;
    if (last < first) return CronError(rule, item, "is a range that runs backwards");
  }
  int step = 1;
  if (absl::StrContains(item, '/')) {
    if (parts.first != "*" && !is_range)
      return CronError(rule, item, "has a step, which needs '*' or a range before it");
    if (!absl::SimpleAtoi(parts.second, &step) || step < 1 || step > rule.most) {
      return CronError(rule, item, absl::StrCat("has a step that is not within 1 to ", rule.most));
    }
  }
  for (int value = first; value <= last; value += step) values.push_back(value);
  return absl::OkStatus();
}

template <std::size_t size>
absl::Status ReadField(const FieldRule& rule, absl::string_view text, std::bitset<size>& bits) {
  std::vector<int> values;
  for (const absl::string_view item : absl::StrSplit(text, ',')) {
    FAULTLINE_RETURN_IF_ERROR(ReadItem(rule, item, values));
  }
  for (const int value : values) bits.set(static_cast<std::size_t>(value) % size);
  return absl::OkStatus();
}

bool BeginsWithStar(absl::string_view field) { return field.front() == '*'; }

}  // namespace

absl::StatusOr<Cron> Cron::Parse(absl::string_view text) {
  const std::vector<absl::string_view> fields = absl::StrSplit(text, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (fields.size() != 5) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", text, "' has ", fields.size(),
        " fields; expected minute, hour, day of the month, month and day of the week, such as '0 2 * * 2'"));
  }
  Cron cron;
  FAULTLINE_RETURN_IF_ERROR(ReadField({"minute", 0, 59, {}}, fields[0], cron.minutes_));
  FAULTLINE_RETURN_IF_ERROR(ReadField({"hour", 0, 23, {}}, fields[1], cron.hours_));
  FAULTLINE_RETURN_IF_ERROR(ReadField({"day of the month", 1, 31, {}}, fields[2], cron.days_));
  FAULTLINE_RETURN_IF_ERROR(ReadField({"month", 1, 12, kMonths}, fields[3], cron.months_));
  FAULTLINE_RETURN_IF_ERROR(ReadField({"day of the week", 0, 7, kWeekdays}, fields[4], cron.weekdays_));
  cron.any_day_ = BeginsWithStar(fields[2]);
  cron.any_weekday_ = BeginsWithStar(fields[4]);
  cron.fixed_ = !BeginsWithStar(fields[0]) && !BeginsWithStar(fields[1]);
  absl::CivilDay day(2096, 1, 1);
  // With the longest stretch without a leap day; what does not come in it never does.
  for (int i = 0; i < kFurthestDays; ++i, ++day) {
    if (cron.Matches(day)) return cron;
  }
  return absl::InvalidArgumentError(absl::StrCat("'", text, "' never comes: no month has such a day"));
}

bool Cron::Matches(absl::CivilDay day) const {
  if (!months_[static_cast<std::size_t>(day.month())]) return false;
  const bool by_day = days_[static_cast<std::size_t>(day.day())];
  // Abseil counts from Monday.
  const bool by_weekday = weekdays_[(static_cast<std::size_t>(absl::GetWeekday(day)) + 1) % 7];
  return any_day_ || any_weekday_ ? by_day && by_weekday : by_day || by_weekday;
}

std::optional<absl::Time> Cron::FirstOfDay(absl::CivilDay day, absl::Time after, const absl::TimeZone& zone) const {
  std::optional<absl::Time> first;
  const auto consider = [&](absl::Time time) {
    if (time > after && (!first || time < *first)) first = time;
  };
  for (std::size_t hour = 0; hour < hours_.size(); ++hour) {
    if (!hours_[hour]) continue;
    for (std::size_t minute = 0; minute < minutes_.size(); ++minute) {
      if (!minutes_[minute]) continue;
      const absl::CivilSecond civil(day.year(), day.month(), day.day(), static_cast<int>(hour),
                                    static_cast<int>(minute), 0);
      const absl::TimeZone::TimeInfo info = zone.At(civil);
      const bool skipped = info.kind == absl::TimeZone::TimeInfo::SKIPPED;
      if (skipped && fixed_) consider(info.trans);
      if (!skipped) consider(info.pre);
      if (info.kind == absl::TimeZone::TimeInfo::REPEATED && !fixed_) consider(info.post);
    }
  }
  return first;
}

WallTime Cron::NextAfter(WallTime after, const absl::TimeZone& zone) const {
  const absl::Time from = absl::FromUnixNanos(after.time_since_epoch().count());
  // A zone that leaves out midnight moves a moment of the day before.
  absl::CivilDay day(zone.At(from).cs);
  --day;
  for (int i = 0; i < kFurthestDays; ++i, ++day) {
    if (!Matches(day)) continue;
    if (const auto first = FirstOfDay(day, from, zone)) return WallTime(Duration(absl::ToUnixNanos(*first)));
  }
  return WallTime::max();
}

absl::StatusOr<absl::TimeZone> ReadTimeZone(absl::string_view name) {
  absl::TimeZone zone;
  // Abseil takes any file's name.
  const bool is_name = !name.empty() && name.size() < 64 && std::ranges::all_of(name, [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '/' || c == '_' || c == '-' || c == '+';
  }) && name.front() != '/';
  if (!is_name || !absl::LoadTimeZone(name, &zone)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "there is no time zone '", name, "' on the controller; expected one such as 'Europe/London' or 'UTC'"));
  }
  return zone;
}

}  // namespace faultline
