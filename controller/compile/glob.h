#pragma once

#include "absl/strings/string_view.h"

namespace faultline {

// Whether `pattern` has a '*' or '?' at all.
bool IsGlob(absl::string_view pattern);

// Whether all of `text` is like `pattern`, in which '*' stands for any letters, or none, and '?' for one. Time at most
// the product of the lengths.
bool GlobMatches(absl::string_view pattern, absl::string_view text);

}  // namespace faultline
