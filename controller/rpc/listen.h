#pragma once

#include <grpcpp/grpcpp.h>
#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/rpc/credentials.h"

namespace faultline {

// Of the controller's Unix sockets: their group may connect too, and nobody else.
inline constexpr mode_t kSocketMode = 0660;

struct ListenOptions {
  // "HOST:PORT", for the network.
  std::string address;
  // A path, for this host.
  std::string socket;
  Security security;
  // Within it a caller has to have shaken hands.
  Duration handshake_patience = std::chrono::seconds(10);
};

// Serves these on both addresses, within limits that one caller cannot use up for all. The services must outlive the
// server. FAILED_PRECONDITION names the address that cannot be listened on; INVALID_ARGUMENT as CheckSecurity.
absl::StatusOr<std::unique_ptr<grpc::Server>> Listen(const ListenOptions& options,
                                                     const std::vector<grpc::Service*>& services);

}  // namespace faultline
