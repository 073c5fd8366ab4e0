#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace faultline {

// Bits per second. A value.
struct BitRate {
  std::uint64_t bits_per_second = 0;

  friend constexpr auto operator<=>(const BitRate&, const BitRate&) = default;
};

// Reads "10mbit", "1.5gbit", "64kbit" or "9600bit"; the prefixes are decimal, as tc has them. A number without a unit
// is an error. At most 1 Tbit/s. INVALID_ARGUMENT says what is wrong and gives an example.
absl::StatusOr<BitRate> ParseBitRate(absl::string_view text);

// The shortest form that ParseBitRate reads back to the same value: "10mbit", "1500kbit".
std::string FormatBitRate(BitRate rate);

// Bytes: "64kb", "1500b", "16mb"; decimal prefixes. At most 1 TB.
absl::StatusOr<std::uint64_t> ParseBytes(absl::string_view text);

}  // namespace faultline
