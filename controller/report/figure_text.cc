#include "controller/report/figure_text.h"

#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace faultline {
namespace {

// With so many decimals, but no zeros at their end.
std::string Trimmed(double value, int decimals) {
  std::string text = absl::StrFormat("%.*f", decimals, value);
  if (absl::StrContains(text, '.')) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

}  // namespace

std::string ShortDelay(Duration delay) {
  const double ms = std::chrono::duration<double, std::milli>(delay).count();
  const double size = std::abs(ms);
  if (size < 9.95) return Trimmed(ms, 1) + "ms";
  if (size < 999.5) return Trimmed(ms, 0) + "ms";
  return Trimmed(ms / 1000, size < 9'995 ? 2 : 0) + "s";
}

std::string ShortShare(double share) {
  const double percent = 100 * share;
  if (percent >= 99.95 && share < 1) return "99.9%";
  if (percent >= 9.95) return Trimmed(percent, percent > 99 ? 1 : 0) + "%";
  if (percent >= 0.995) return Trimmed(percent, 1) + "%";
  if (percent <= 0) return "0%";
  // Two digits that are not zero.
  return Trimmed(percent, std::min(7, 1 - static_cast<int>(std::floor(std::log10(percent))))) + "%";
}

std::string GroupedCount(std::uint64_t count) {
  const std::string digits = absl::StrCat(count);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text.push_back(' ');
    text.push_back(digits[i]);
  }
  return text;
}

}  // namespace faultline
