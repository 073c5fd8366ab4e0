#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/identity/tls_files.h"

namespace faultline {

// The file beside the certificate in which an enrolment leaves the address of the controller that it was made at.
std::string EnrolledControllerFile(const TlsFiles& tls);

// The controller that this node was enrolled at, "HOST:PORT". NOT_FOUND when it was not, FAILED_PRECONDITION when that
// file holds nothing, each with what mends it; errors of ReadFile.
absl::StatusOr<std::string> EnrolledController(const TlsFiles& tls);

}  // namespace faultline
