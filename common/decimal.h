#pragma once

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace faultline {

// A number as people write it, "1", "0.25" or "2.50": digits / 10^decimals. Exact; a value.
struct Decimal {
  std::uint64_t digits = 0;
  int decimals = 0;

  // This many times `unit`, when that is a whole number below 2^64.
  std::optional<std::uint64_t> Times(std::uint64_t unit) const;
};

// Digits with at most one dot inside ("1", "0.25"), no sign and no exponent; at most 18 digits. nullopt otherwise.
std::optional<Decimal> ParseDecimal(absl::string_view text);

}  // namespace faultline
