#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/open_connections.h"
#include "common/unique_fd.h"
#include "controller/rpc/connection_limit.h"

namespace faultline {

// Takes connections as fast as they may come. Of a source that has too many, or brings them too fast, each is reset at
// once; when all together do, or no descriptor is left, whoever comes waits in the kernel's queue until there is room.
// Says in the log, rarely, that it does so. One thread, which ends with the object.
class ConnectionAcceptor {
 public:
  // Becomes the owner of a connection, which is non-blocking and closed on exec; `socket` is where it came. Called from
  // the acceptor's thread.
  using Take = std::function<void(int socket, int connection)>;

  // `sockets` listen, and are non-blocking. RESOURCE_EXHAUSTED and the like when the system has no eventfd to spare.
  static absl::StatusOr<std::unique_ptr<ConnectionAcceptor>> Start(std::vector<UniqueFd> sockets,
                                                                   const ConnectionLimits& limits, Take take);
  ~ConnectionAcceptor();
  ConnectionAcceptor(const ConnectionAcceptor&) = delete;
  ConnectionAcceptor& operator=(const ConnectionAcceptor&) = delete;

 private:
  ConnectionAcceptor(std::vector<UniqueFd> sockets, UniqueFd stop, const ConnectionLimits& limits, Take take);
  void Loop();
  // Whether one may be taken now, whosever it is.
  bool HasRoom();
  // False when nothing can be taken for now.
  bool AcceptFrom(int socket);
  bool MayStay(const std::string& source);
  // Logs this, unless something was logged a moment ago.
  void Complain(const std::string& what);

  const std::vector<UniqueFd> sockets_;
  const UniqueFd stop_;
  const ConnectionLimits limits_;
  const Take take_;
  const SystemClock clock_{};
  // The thread's own.
  ConnectionLimit limit_;
  OpenConnections open_;
  std::uint64_t reset_ = 0;
  MonotonicTime next_complaint_;
  std::thread thread_;
};

}  // namespace faultline
