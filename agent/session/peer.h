#pragma once

#include <optional>

#include "absl/strings/string_view.h"
#include "common/program/program.h"

namespace faultline {

// Reads the endpoint out of a gRPC peer name: "ipv4:198.18.0.10:7400", "ipv6:[::1]:7400" (its brackets may be
// percent-encoded). None for other transports, such as "unix:/path", whose packets pass no interface.
std::optional<ProtectedEndpoint> EndpointOfPeer(absl::string_view peer);

}  // namespace faultline
