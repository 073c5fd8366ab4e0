#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace faultline {

// Makes `text` a whole file that only its owner reads and writes (0600), on the disk when this returns, or leaves what
// was there. Root gives the file to the owner of its folder, which must exist: a daemon may run as somebody else. A
// link at `path` is replaced, not followed. Errors name the path.
absl::Status WritePrivateFile(const std::string& path, absl::string_view text);

// A file to be made: its path and all of its text.
struct PrivateFile {
  std::string path;
  std::string text;
};

// The same of several that belong together: none is replaced before all are whole on the disk, under other names. Then
// each in turn; an error in that leaves the later ones as they were. No two may have the same path.
absl::Status WritePrivateFiles(const std::vector<PrivateFile>& files);

// Whether WritePrivateFile could make this file, by making one beside it and removing that again.
absl::Status CheckPrivateFile(const std::string& path);

// Makes the folder, and those above it, unless it is there: only its owner enters it (0700).
absl::Status MakePrivateFolder(const std::string& path);

}  // namespace faultline
