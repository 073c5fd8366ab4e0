#pragma once

#include <optional>
#include <span>
#include <string>

#include "absl/strings/string_view.h"

namespace faultline {

// The candidate most like `text` (least Levenshtein distance, the first of equals), when it is near enough to be
// what was meant: at most a third of its letters differ, and at least one may. For "did you mean".
std::optional<std::string> Nearest(absl::string_view text, std::span<const std::string> candidates);

}  // namespace faultline
