#pragma once

#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/rpc/credentials.h"

namespace faultline {

// To listen on `target`. A caller need not have a certificate, but one that it has must be of the CA. Takes up files
// that are renewed, within a second or two. Errors as CheckSecurity's.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ListenCredentials(absl::string_view target,
                                                                           const Security& security);

}  // namespace faultline
