#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace faultline {

// A share of something, such as lost packets; exact to one part per billion. A value; may exceed one (rules of use
// refuse that, so that they can name the field).
class Ratio {
 public:
  static constexpr std::uint32_t kOne = 1'000'000'000;

  constexpr Ratio() = default;
  static constexpr Ratio PartsPerBillion(std::uint32_t parts) { return Ratio(parts); }
  static constexpr Ratio Percent(std::uint32_t percent) { return Ratio(percent * (kOne / 100)); }

  constexpr std::uint32_t parts_per_billion() const { return parts_; }
  constexpr bool zero() const { return parts_ == 0; }
  constexpr double AsDouble() const { return static_cast<double>(parts_) / kOne; }

  friend constexpr auto operator<=>(const Ratio&, const Ratio&) = default;

 private:
  explicit constexpr Ratio(std::uint32_t parts) : parts_(parts) {}

  std::uint32_t parts_ = 0;
};

// Reads "1%", "0.05%" or "200ppm"; a number without a unit is an error, except "0", for it is unclear whether 0.01
// means 1 % or 0.01 %. At most 400 %. INVALID_ARGUMENT says what is wrong and gives an example.
absl::StatusOr<Ratio> ParseRatio(absl::string_view text);

// The form in per cent that ParseRatio reads back to the same value: "1%", "0.02%", "0%".
std::string FormatRatio(Ratio ratio);

}  // namespace faultline
