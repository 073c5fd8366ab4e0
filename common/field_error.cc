#include "common/field_error.h"

#include "absl/strings/str_cat.h"

namespace faultline {

absl::Status FirstError(const std::vector<FieldError>& errors) {
  if (errors.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(errors.front().field, ": ", errors.front().message));
}

}  // namespace faultline
