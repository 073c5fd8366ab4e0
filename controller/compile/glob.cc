#include "controller/compile/glob.h"

namespace faultline {

bool IsGlob(absl::string_view pattern) { return pattern.find_first_of("*?") != absl::string_view::npos; }

bool GlobMatches(absl::string_view pattern, absl::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  // The latest '*' and where the text it stands for ends so far: only that one ever needs to take more.
  std::size_t star = absl::string_view::npos;
  std::size_t star_end = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_end = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != absl::string_view::npos) {
      p = star + 1;
      t = ++star_end;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace faultline
