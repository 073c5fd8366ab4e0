#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace faultline {

// A whole file, at most 64 MiB. NOT_FOUND, PERMISSION_DENIED and the like name the path.
absl::StatusOr<std::string> ReadFile(const std::string& path);

}  // namespace faultline
