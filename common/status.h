#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace faultline {

// errno of a failed call as a Status: the code that fits it, and "operation: error text".
absl::Status ErrnoError(int error, absl::string_view operation);

// The same status with "context: " before its message; OK stays OK.
absl::Status WithContext(const absl::Status& status, absl::string_view context);

}  // namespace faultline

// Returns from the function when `expression` is a Status that is not OK.
#define FAULTLINE_RETURN_IF_ERROR(expression)            \
  do {                                                   \
    absl::Status faultline_status = (expression);        \
    if (!faultline_status.ok()) return faultline_status; \
  } while (false)

#define FAULTLINE_CONCAT_INNER(a, b) a##b
#define FAULTLINE_CONCAT(a, b) FAULTLINE_CONCAT_INNER(a, b)

// Declares or assigns `target` from a StatusOr, or returns its error from the function.
#define FAULTLINE_ASSIGN_OR_RETURN(target, expression) \
  FAULTLINE_ASSIGN_OR_RETURN_INNER(FAULTLINE_CONCAT(faultline_or_, __LINE__), target, expression)
#define FAULTLINE_ASSIGN_OR_RETURN_INNER(variable, target, expression) \
  auto variable = (expression);                                        \
  if (!variable.ok()) return std::move(variable).status();             \
  target = *std::move(variable)
