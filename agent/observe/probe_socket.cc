#include "agent/observe/probe_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "agent/observe/socket_address.h"
#include "common/status.h"

namespace faultline {
namespace {

// Bytes as the kernel counts them: some 2 000 probes.
constexpr int kReceiveRoom = 1 << 20;

absl::Status BindError(int error, const IpAddress& address, std::uint16_t port) {
  if (error != EADDRINUSE) {
    return ErrnoError(error, absl::StrCat("binding the probe socket to ", address.ToString(), " UDP port ", port));
  }
  return absl::FailedPreconditionError(
      absl::StrCat("UDP port ", port, " at ", address.ToString(),
                   ", which probes need, is in use by another program of this node; `ss -ulnp sport = ", port,
                   "` names it: stop it, or give the fleet another probe port in the controller's configuration"));
}

}  // namespace

absl::StatusOr<ProbeSocket> ProbeSocket::Open(const IpAddress& address, std::uint16_t port) {
  const bool ipv4 = address.family() == Family::kIpv4;
  UniqueFd fd(socket(ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return ErrnoError(errno, ipv4 ? "opening the IPv4 probe socket" : "opening the IPv6 probe socket");
  const int on = 1;
  if (!ipv4 && setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) {
    return ErrnoError(errno, "keeping the IPv6 probe socket to IPv6");
  }
  // Room for a burst while the reader is held up. Beyond the system's bound by privilege only, and not vital.
  const int room = kReceiveRoom;
  if (setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0) {
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  }
  const SocketAddress at(address, port);
  if (bind(fd.get(), at.get(), at.size()) != 0) return BindError(errno, address, port);
  return ProbeSocket(std::move(fd), address, port);
}

int ProbeSocket::Send(const IpAddress& to, std::span<const std::uint8_t> bytes) {
  const SocketAddress at(to, port_);
  while (sendto(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL, at.get(), at.size()) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

std::optional<std::size_t> ProbeSocket::Receive(std::span<std::uint8_t> buffer) {
  ssize_t size = 0;
  do {
    size = recv(fd_.get(), buffer.data(), buffer.size(), MSG_TRUNC);
  } while (size < 0 && errno == EINTR);
  if (size < 0) return std::nullopt;
  return static_cast<std::size_t>(size);
}

}  // namespace faultline
