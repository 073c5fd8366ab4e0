#pragma once

#include <grpcpp/grpcpp.h>
#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/rpc/credentials.h"
#include "controller/rpc/connection_acceptor.h"

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
  // Of the network; on this host only whom the socket lets in connects.
  ConnectionLimits connections = ConnectionLimits::ForThisProcess();
};

// The two servers, each with threads and memory of its own: whatever comes from the network, who is on this host is
// answered.
struct Listening {
  std::unique_ptr<grpc::Server> remote;
  std::unique_ptr<grpc::Server> local;
  // Brings the network's connections to `remote`.
  std::unique_ptr<ConnectionAcceptor> acceptor;

  // Takes no more connections, ends all calls, at the latest `patience` from now, and waits until they have ended.
  void Stop(Duration patience);
};

// Serves these on both addresses. The services must outlive the servers. FAILED_PRECONDITION names the address that
// cannot be listened on; or as CheckSecurity.
absl::StatusOr<Listening> Listen(const ListenOptions& options, const std::vector<grpc::Service*>& services);

}  // namespace faultline
