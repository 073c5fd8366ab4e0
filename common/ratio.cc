#include "common/ratio.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/decimal.h"

namespace faultline {
namespace {

constexpr std::uint64_t kMostRatio = std::uint64_t{4} * Ratio::kOne;

absl::Status InvalidRatio(absl::string_view text, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", text, "' is not a ratio: ", what, "; write for example 1%, 0.05% or 200ppm"));
}

}  // namespace

absl::StatusOr<Ratio> ParseRatio(absl::string_view text) {
  absl::string_view number = text;
  std::uint64_t unit = Ratio::kOne / 100;
  if (absl::ConsumeSuffix(&number, "ppm")) {
    unit = Ratio::kOne / 1'000'000;
  } else if (!absl::ConsumeSuffix(&number, "%")) {
    if (text == "0") return Ratio();
    return InvalidRatio(text, "it has no unit");
  }
  const std::optional<Decimal> decimal = ParseDecimal(number);
  if (number.empty()) return InvalidRatio(text, "there is no number before the unit");
  if (!decimal) return InvalidRatio(text, absl::StrCat("'", number, "' is no number from 0 up"));
  const std::optional<std::uint64_t> parts = decimal->Times(unit);
  if (!parts) return InvalidRatio(text, "it has more digits than a part per billion");
  if (*parts > kMostRatio) return InvalidRatio(text, "it is more than 400 %");
  return Ratio::PartsPerBillion(static_cast<std::uint32_t>(*parts));
}

std::string FormatRatio(Ratio ratio) {
  constexpr std::uint32_t kPercent = Ratio::kOne / 100;
  std::string text = absl::StrCat(ratio.parts_per_billion() / kPercent);
  if (const std::uint32_t rest = ratio.parts_per_billion() % kPercent; rest != 0) {
    std::string digits = absl::StrCat(kPercent + rest).substr(1);
    digits.erase(digits.find_last_not_of('0') + 1);
    absl::StrAppend(&text, ".", digits);
  }
  return text + "%";
}

}  // namespace faultline
