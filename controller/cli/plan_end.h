#pragma once

#include "absl/strings/string_view.h"

namespace faultline {

// What may not be done to a plan's text that CanBeAddedTo refuses: ": a file can only be added to …".
inline constexpr char kOnlyKeysALine[] =
    " can only be added to a plan whose top level has a key a line, not all in braces and not indented";

// Whether lines with further keys of its top level may be put behind a plan's text. So they may behind a text that is
// no YAML: its errors are then said as they are. `text` ends with a line break.
bool CanBeAddedTo(absl::string_view text);

}  // namespace faultline
