#include "controller/preview/shell_text.h"

#include "absl/strings/ascii.h"

namespace faultline {

std::string ShellText(absl::string_view text) {
  constexpr absl::string_view kHarmless = "-_.,:/+=@%*";
  std::string clean(text);
  for (char& c : clean) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && kHarmless.find(c) == absl::string_view::npos) c = ' ';
  }
  return clean;
}

}  // namespace faultline
