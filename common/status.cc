#include "common/status.h"

#include "absl/strings/str_cat.h"

namespace faultline {

absl::Status ErrnoError(int error, absl::string_view operation) { return absl::ErrnoToStatus(error, operation); }

absl::Status WithContext(const absl::Status& status, absl::string_view context) {
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(context, ": ", status.message()));
}

}  // namespace faultline
