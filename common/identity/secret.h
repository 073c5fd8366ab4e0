#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace faultline {

// So many random bytes, fit for secrets. INTERNAL when the system gives none.
absl::StatusOr<std::string> RandomBytes(std::size_t bytes);
// The same as lower-case hexadecimal digits.
absl::StatusOr<std::string> RandomHex(std::size_t bytes);

// Whether they are equal; how long that takes tells nothing but their lengths.
bool SameSecret(absl::string_view a, absl::string_view b);

}  // namespace faultline
