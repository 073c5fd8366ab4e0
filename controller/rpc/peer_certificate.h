#pragma once

#include <grpcpp/server_context.h>

#include <string>

#include "absl/status/statusor.h"
#include "common/identity/certificate.h"

namespace faultline {

// The certificate that the caller has shown, which gRPC has verified. UNAUTHENTICATED when there is none.
absl::StatusOr<Certificate> PeerCertificate(const grpc::ServerContextBase& context);

// The host part of a gRPC peer name: "ipv4:198.18.0.2" of "ipv4:198.18.0.2:41522".
std::string AddressOf(const std::string& peer);

}  // namespace faultline
