#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace faultline {

// Makes `text` a whole file that only its owner reads and writes (0600), on the disk when this returns, or leaves what
// was there. Root gives the file to the owner of its folder, which must exist: a daemon may run as somebody else. A
// link at `path` is replaced, not followed. Errors name the path.
absl::Status WritePrivateFile(const std::string& path, absl::string_view text);

// Makes the folder, and those above it, unless it is there: only its owner enters it (0700).
absl::Status MakePrivateFolder(const std::string& path);

}  // namespace faultline
