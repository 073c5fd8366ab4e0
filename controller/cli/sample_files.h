#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace faultline {

// A plan's text with the samples that it names but does not have, read from the CSV files of those names in `directory`
// (empty: the working directory) and put behind it, under "samples": what stands before keeps its place. A text that
// names none comes back as it is, whether it can be read or not. INVALID_ARGUMENT: every error of the text, with those
// of the files where they are named; `file_name` is what errors call the text.
absl::StatusOr<std::string> AddSampleFiles(std::string text, const std::string& directory, absl::string_view file_name);

}  // namespace faultline
