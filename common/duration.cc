#include "common/duration.h"

#include <array>
#include <cstdint>

#include "absl/numeric/int128.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

using std::chrono::hours;

constexpr Duration kLongest = hours(10'000);
constexpr std::int64_t kBillion = 1'000'000'000;

struct TimeUnit {
  absl::string_view name;
  Duration length;
};

// Largest first: the order in which a text must use them.
constexpr std::array<TimeUnit, 6> kUnits = {{{"h", hours(1)},
                                             {"m", std::chrono::minutes(1)},
                                             {"s", std::chrono::seconds(1)},
                                             {"ms", std::chrono::milliseconds(1)},
                                             {"us", std::chrono::microseconds(1)},
                                             {"ns", Duration(1)}}};
constexpr std::size_t kIsoUnits = 3;

absl::Status InvalidDuration(absl::string_view text, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", text, "' is not a duration: ", what, "; write for example 250ms, 30s, 1h30m or PT5M"));
}

// Reads digits[.digits] off the front as a multiple of `unit` later: returned in billionths of the number.
bool TakeNumber(absl::string_view& text, absl::int128& billionths) {
  constexpr int kFractionDigits = 9;
  const absl::int128 kCeiling = absl::int128(1) << 80;
  std::size_t digits = 0;
  billionths = 0;
  while (!text.empty() && absl::ascii_isdigit(static_cast<unsigned char>(text.front()))) {
    if (billionths < kCeiling) billionths = billionths * 10 + (text.front() - '0');
    text.remove_prefix(1);
    ++digits;
  }
  if (digits == 0) return false;
  int fraction = 0;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    while (!text.empty() && absl::ascii_isdigit(static_cast<unsigned char>(text.front()))) {
      if (fraction < kFractionDigits) {
        billionths = billionths * 10 + (text.front() - '0');
        ++fraction;
      }
      text.remove_prefix(1);
    }
    if (fraction == 0) return false;
  }
  for (; fraction < kFractionDigits; ++fraction) billionths *= 10;
  return true;
}

absl::string_view TakeUnitName(absl::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && absl::ascii_isalpha(static_cast<unsigned char>(text[length]))) ++length;
  const absl::string_view name = text.substr(0, length);
  text.remove_prefix(length);
  return name;
}

}  // namespace

absl::StatusOr<Duration> ParseDuration(absl::string_view text) {
  if (text == "0") return Duration(0);
  std::string rest_storage(text);
  absl::string_view rest = rest_storage;
  const bool iso = rest.size() >= 2 && absl::EqualsIgnoreCase(rest.substr(0, 2), "PT");
  if (iso) {
    absl::AsciiStrToLower(&rest_storage);
    rest = absl::string_view(rest_storage).substr(2);
  }
  if (rest.empty()) return InvalidDuration(text, "it is empty");
  if (rest.front() == '-') return InvalidDuration(text, "it is negative");

  const std::size_t unit_count = iso ? kIsoUnits : kUnits.size();
  std::size_t next_unit = 0;
  absl::int128 total = 0;
  while (!rest.empty()) {
    absl::int128 billionths = 0;
    if (!TakeNumber(rest, billionths)) return InvalidDuration(text, "a number is expected");
    const absl::string_view name = TakeUnitName(rest);
    if (name.empty()) return InvalidDuration(text, "it has no unit");
    std::size_t unit = 0;
    while (unit < unit_count && kUnits[unit].name != name) ++unit;
    if (unit == unit_count) return InvalidDuration(text, absl::StrCat("'", name, "' is no unit of time"));
    if (unit < next_unit) return InvalidDuration(text, "units must get smaller from left to right");
    next_unit = unit + 1;
    // First by number, as the product may be too large to compute.
    const bool too_many = billionths / kBillion > kLongest / kUnits[unit].length;
    if (!too_many) total += billionths * kUnits[unit].length.count() / kBillion;
    if (too_many || total > kLongest.count()) return InvalidDuration(text, "it is longer than 10000h");
  }
  return Duration(static_cast<Duration::rep>(total));
}

std::string FormatDuration(Duration duration) {
  if (duration == Duration(0)) return "0s";
  std::string text = duration < Duration(0) ? "-" : "";
  for (const TimeUnit& unit : kUnits) {
    const auto count = duration / unit.length;
    if (count == 0) continue;
    // Not of the whole duration: the most negative one has no positive twin.
    absl::StrAppend(&text, count < 0 ? -count : count, unit.name);
    duration -= count * unit.length;
  }
  return text;
}

}  // namespace faultline
