#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace faultline {

// A plan's text with what it names but does not have, read from the files of those names in `directory` (empty: the
// working directory) and put behind it, so that what stands before keeps its place and the controller gets the plan
// whole (regular files only, and texts to include only from the plan's directory and below): texts of groups under
// "included", measured delays from CSV files under "samples", address ranges out of AWS's file, merged, under
// "ip_ranges". A text that lacks nothing comes back as it is, whether it can be read or not. INVALID_ARGUMENT: every
// error of the text, with those of the files where they are named; `file_name` is what errors call the text.
absl::StatusOr<std::string> AddPlanFiles(std::string text, const std::string& directory, absl::string_view file_name);

}  // namespace faultline
