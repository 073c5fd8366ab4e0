#include "controller/report/sparkline.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace faultline {
namespace {

constexpr std::array<absl::string_view, 8> kBars = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<absl::string_view, 10> kDigits = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

// The lowest sign is for none alone, the highest for all.
absl::string_view SignOf(float share, std::span<const absl::string_view> signs) {
  const auto top = static_cast<float>(signs.size() - 1);
  const float level = share <= 0 ? 0 : share >= 1 ? top : std::clamp(std::round(share * top), 1.0f, top - 1);
  return signs[static_cast<std::size_t>(level)];
}

}  // namespace

std::string Sparkline(std::span<const std::optional<float>> values, std::size_t columns, float most,
                      const TerminalStyle& style) {
  const std::size_t each = columns == 0 ? 0 : values.size() / columns;
  std::string line;
  for (std::size_t column = 0; column < columns; ++column) {
    const auto part = values.subspan(column * each, each);
    // What is absent is less than all else.
    const auto greatest = std::ranges::max_element(part);
    const bool known = greatest != part.end() && greatest->has_value();
    const float share = !known ? 0 : most > 0 ? **greatest / most : 0;
    absl::StrAppend(&line, !known       ? absl::string_view(" ")
                           : style.utf8 ? SignOf(share, kBars)
                                        : SignOf(share, kDigits));
  }
  return line;
}

}  // namespace faultline
