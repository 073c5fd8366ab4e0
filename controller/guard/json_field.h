#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace faultline {

// The value at a path of keys and list positions, "members.0.health", in a JSON text: a text as it is, a number in its
// shortest form, "true", "false", "null", and a list or an object as JSON. INVALID_ARGUMENT when the text is no JSON,
// NOT_FOUND names the first part of the path that is missing.
absl::StatusOr<std::string> JsonField(const std::string& json, absl::string_view path);

}  // namespace faultline
