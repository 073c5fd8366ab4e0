#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace faultline {

// A plan's text with `settings` behind it, under "set". INVALID_ARGUMENT names the one that is no "name=value", that
// comes twice, or that cannot be put behind the text.
absl::StatusOr<std::string> AddSettings(std::string text, const std::vector<std::string>& settings);

}  // namespace faultline
