#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "agent/observe/tcp_tally.h"
#include "common/prefix.h"
#include "common/unique_fd.h"

namespace faultline {

// The kernel's side of attempts to connect; replaced in tests. Not thread-safe.
class TcpSockets {
 public:
  virtual ~TcpSockets() = default;

  // Begins to connect from an address of this node. What is under way, to be waited for until it can be written to and
  // to be closed when it is over or given up; or how it ended at once.
  virtual std::variant<UniqueFd, TcpOutcome> Begin(const IpAddress& from, const IpAddress& to, std::uint16_t port) = 0;

  // How it has ended; none while it is under way.
  virtual std::optional<TcpOutcome> Ended(const UniqueFd& attempt) = 0;
};

// Ordinary sockets, which never block. Closing one resets its connection instead of ending it in turn: the other end
// sees a short connection, neither end keeps any state of it, and no last segments are sent again and again into a cut.
class KernelTcpSockets : public TcpSockets {
 public:
  std::variant<UniqueFd, TcpOutcome> Begin(const IpAddress& from, const IpAddress& to, std::uint16_t port) override;
  std::optional<TcpOutcome> Ended(const UniqueFd& attempt) override;
};

// Has the closing of a connection reset it.
void ResetWhenClosed(int socket);

}  // namespace faultline
