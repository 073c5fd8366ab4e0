#include "common/name.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace faultline {

absl::Status CheckName(absl::string_view text, absl::string_view what) {
  constexpr std::size_t kLongest = 64;
  if (text.empty()) return absl::InvalidArgumentError(absl::StrCat(what, " is empty"));
  if (text.size() > kLongest) {
    return absl::InvalidArgumentError(absl::StrCat(what, " is longer than ", kLongest, " characters"));
  }
  const auto allowed = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
  };
  for (const char c : text) {
    if (!allowed(c)) {
      return absl::InvalidArgumentError(
          absl::StrCat(what, " '", text, "' may have only letters, digits, '-', '_' and '.'"));
    }
  }
  if (!absl::ascii_isalnum(static_cast<unsigned char>(text.front()))) {
    return absl::InvalidArgumentError(absl::StrCat(what, " '", text, "' must begin with a letter or digit"));
  }
  return absl::OkStatus();
}

}  // namespace faultline
