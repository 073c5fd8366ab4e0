#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace faultline {

// Text of a plan for a shell script: letters, digits and "-_.,:/+=@%*" of ASCII as they are, anything else (quotes,
// signs that a shell reads, line breaks, other letters) as a blank. To stand in comments, in single quotes and in
// quoted here-documents only, where a shell leaves all that is left alone.
std::string ShellText(absl::string_view text);

}  // namespace faultline
