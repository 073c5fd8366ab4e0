#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "common/identity/certificate.h"

namespace faultline {

// Asks the server at `target` ("HOST:PORT", "[IPV6]:PORT") for its certificates in a TLS 1.3 handshake that proves
// nothing yet and in which nothing is told, and gives the one of this fingerprint: the authority to verify every later
// connection by. The server's own certificate must be signed by it and be for that host.
//
// Blocks for at most about `patience`. UNAVAILABLE when nobody answers as a TLS server; UNAUTHENTICATED, with what the
// server showed instead, when it is not who was meant; INVALID_ARGUMENT for a malformed target.
absl::StatusOr<Certificate> FindAuthority(const std::string& target, absl::string_view fingerprint, Duration patience);

}  // namespace faultline
