#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "common/document/document.h"
#include "common/document/text_error.h"

namespace faultline {

// The name of a file, relative to the plan's own; nothing, with an error at the value, when it cannot be one.
std::optional<std::string> ReadFileName(const DocumentValue& value, absl::string_view what, TextErrors& errors);

}  // namespace faultline
