#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace faultline {

// Whether `name` can be a host's in the DNS: RFC 1123, section 2.1, and RFC 1035, section 2.3.4. One dot at the end is
// all right. INVALID_ARGUMENT says what is wrong.
absl::Status CheckDnsName(absl::string_view name);

}  // namespace faultline
