#include "common/decimal.h"

#include <limits>

#include "absl/numeric/int128.h"
#include "absl/strings/ascii.h"

namespace faultline {

std::optional<std::uint64_t> Decimal::Times(std::uint64_t unit) const {
  absl::uint128 product = absl::uint128(digits) * unit;
  for (int i = 0; i < decimals; ++i) {
    if (product % 10 != 0) return std::nullopt;
    product /= 10;
  }
  if (product > std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
  return static_cast<std::uint64_t>(product);
}

std::optional<Decimal> ParseDecimal(absl::string_view text) {
  constexpr int kMostDigits = 18;
  Decimal decimal;
  int digits = 0;
  bool after_dot = false;
  for (const char c : text) {
    if (c == '.') {
      if (after_dot || digits == 0) return std::nullopt;
      after_dot = true;
      continue;
    }
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c)) || ++digits > kMostDigits) return std::nullopt;
    decimal.digits = decimal.digits * 10 + static_cast<std::uint64_t>(c - '0');
    decimal.decimals += after_dot ? 1 : 0;
  }
  if (digits == 0 || text.back() == '.') return std::nullopt;
  return decimal;
}

}  // namespace faultline
