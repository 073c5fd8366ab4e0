#pragma once

#include <optional>
#include <span>
#include <string>

#include "absl/strings/string_view.h"

namespace faultline {

// The candidate most like `text` (least edit distance, two neighbours swapped being one edit; the first of equals),
// when it is near enough to be what was meant: at most a third of its letters differ, and at least one may. For "did
// you mean". A text of more than 256 letters is near to nothing.
std::optional<std::string> Nearest(absl::string_view text, std::span<const std::string> candidates);

}  // namespace faultline
