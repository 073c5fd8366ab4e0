#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/unique_fd.h"

namespace faultline {

// A whole file, at most 64 MiB. NOT_FOUND, PERMISSION_DENIED and the like name the path.
absl::StatusOr<std::string> ReadFile(const std::string& path);

// Makes `text` a whole file, or leaves what was there: never a part of it. Its mode is as the umask says, or as it was.
// Links are followed; what is no plain file (a pipe, a device) is written to. Errors name the path.
absl::Status WriteFile(const std::string& path, absl::string_view text);

// Makes `path` if it is missing and locks it for as long as the result lives. FAILED_PRECONDITION when another process
// holds it; other errors name the operation.
absl::StatusOr<UniqueFd> LockFile(const std::string& path);

}  // namespace faultline
