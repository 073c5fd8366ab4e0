#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace faultline {

// SHA-256 of any bytes: 64 lower-case hexadecimal digits.
std::string Sha256Hex(absl::string_view bytes);

}  // namespace faultline
