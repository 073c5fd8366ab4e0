#include "common/bit_rate.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "common/decimal.h"

namespace faultline {
namespace {

struct BitUnit {
  absl::string_view suffix;
  std::uint64_t size;
};

constexpr std::array<BitUnit, 4> kRates = {{{"gbit", 1'000'000'000}, {"mbit", 1'000'000}, {"kbit", 1'000}, {"bit", 1}}};
constexpr std::array<BitUnit, 4> kSizes = {{{"gb", 1'000'000'000}, {"mb", 1'000'000}, {"kb", 1'000}, {"b", 1}}};
constexpr std::uint64_t kMostBits = 1'000'000'000'000;

absl::Status Invalid(absl::string_view text, absl::string_view what, absl::string_view kind,
                     absl::string_view examples) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", text, "' is not ", kind, ": ", what, "; write for example ", examples));
}

absl::StatusOr<std::uint64_t> Parse(absl::string_view text, const std::array<BitUnit, 4>& units, absl::string_view kind,
                                    absl::string_view most, absl::string_view examples) {
  const absl::string_view number = text.substr(0, text.find_first_not_of("0123456789."));
  const absl::string_view suffix = text.substr(number.size());
  if (number.empty()) return Invalid(text, "it does not begin with a number", kind, examples);
  if (suffix.empty()) return Invalid(text, "it has no unit", kind, examples);
  const auto unit = std::find_if(units.begin(), units.end(), [&](const BitUnit& one) { return one.suffix == suffix; });
  if (unit == units.end()) return Invalid(text, absl::StrCat("'", suffix, "' is no unit of it"), kind, examples);
  const std::optional<Decimal> decimal = ParseDecimal(number);
  if (!decimal) return Invalid(text, absl::StrCat("'", number, "' is no number"), kind, examples);
  const std::optional<std::uint64_t> value = decimal->Times(unit->size);
  if (!value) return Invalid(text, absl::StrCat("it is not a whole number of ", units.back().suffix), kind, examples);
  if (*value > kMostBits) return Invalid(text, absl::StrCat("it is more than ", most), kind, examples);
  return *value;
}

}  // namespace

absl::StatusOr<BitRate> ParseBitRate(absl::string_view text) {
  const absl::StatusOr<std::uint64_t> bits = Parse(text, kRates, "a rate", "1000gbit", "10mbit, 1.5gbit or 64kbit");
  if (!bits.ok()) return bits.status();
  return BitRate{*bits};
}

std::string FormatBitRate(BitRate rate) {
  for (const BitUnit& unit : kRates) {
    if (rate.bits_per_second != 0 && rate.bits_per_second % unit.size == 0) {
      return absl::StrCat(rate.bits_per_second / unit.size, unit.suffix);
    }
  }
  return absl::StrCat(rate.bits_per_second, "bit");
}

absl::StatusOr<std::uint64_t> ParseBytes(absl::string_view text) {
  return Parse(text, kSizes, "a size", "1000gb", "64kb, 1500b or 16mb");
}

}  // namespace faultline
