#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/unique_fd.h"

namespace faultline {

// A whole file, at most 64 MiB. NOT_FOUND, PERMISSION_DENIED and the like name the path.
absl::StatusOr<std::string> ReadFile(const std::string& path);

// Makes `path` if it is missing and locks it for as long as the result lives. FAILED_PRECONDITION when another process
// holds it; other errors name the operation.
absl::StatusOr<UniqueFd> LockFile(const std::string& path);

}  // namespace faultline
