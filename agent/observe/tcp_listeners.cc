#include "agent/observe/tcp_listeners.h"

#include <sys/socket.h>

#include "agent/observe/socket_address.h"
#include "agent/observe/tcp_sockets.h"

namespace faultline {
namespace {

constexpr int kBacklog = 64;
// So many connections of a port are taken before the next look at all else.
constexpr int kMostConnectionsPerTurn = 64;

// Empty when the port cannot be had. The address is never shared, so that a service which listens there, be it at every
// address, keeps it.
UniqueFd ListenAt(const IpAddress& address, std::uint16_t port) {
  const bool ipv4 = address.family() == Family::kIpv4;
  UniqueFd fd(socket(ipv4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const SocketAddress at(address, port);
  if (!fd || bind(fd.get(), at.get(), at.size()) != 0 || listen(fd.get(), kBacklog) != 0) return UniqueFd();
  return fd;
}

}  // namespace

TcpListeners::TcpListeners(const TcpMesh& mesh) {
  for (const std::uint16_t port : mesh.dialled_ports) {
    for (const std::optional<IpAddress>* own : {&mesh.own_ipv4, &mesh.own_ipv6}) {
      if (!*own) continue;
      if (UniqueFd fd = ListenAt(**own, port)) sockets_.push_back(std::move(fd));
    }
  }
}

void TcpListeners::Serve() {
  for (const UniqueFd& socket : sockets_) {
    for (int i = 0; i < kMostConnectionsPerTurn; ++i) {
      const UniqueFd connection(accept4(socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!connection) break;
      // Else the port would be kept from a service for a minute after.
      ResetWhenClosed(connection.get());
    }
  }
}

void TcpListeners::AddWaits(std::vector<pollfd>& waits) const {
  for (const UniqueFd& socket : sockets_) waits.push_back({.fd = socket.get(), .events = POLLIN, .revents = 0});
}

}  // namespace faultline
