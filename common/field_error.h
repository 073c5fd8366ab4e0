#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace faultline {

// What is wrong with one field of a value, by the field's name in plans ("loss.p"): a reader finds its place in the
// text by it, and both sides of the wire use the same rules.
struct FieldError {
  std::string field;
  std::string message;

  friend bool operator==(const FieldError&, const FieldError&) = default;
};

// "field: message" of the first as INVALID_ARGUMENT; OK when there is none.
absl::Status FirstError(const std::vector<FieldError>& errors);

}  // namespace faultline
