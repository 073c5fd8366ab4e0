#include "agent/observe/tcp_sockets.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "agent/observe/socket_address.h"

namespace faultline {
namespace {

// Of an attempt that was begun.
TcpOutcome OutcomeOf(int error) {
  switch (error) {
    case 0:
    // It was open, and the other end has closed it since.
    case ECONNRESET:
    case EPIPE:
      return TcpOutcome::kConnected;
    case ECONNREFUSED:
      return TcpOutcome::kRefused;
    case ETIMEDOUT:
      return TcpOutcome::kTimedOut;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENONET:
    case ENOPROTOOPT:
    case EACCES:
    case EPROTO:
    case EOPNOTSUPP:
      return TcpOutcome::kUnreachable;
    default:
      return TcpOutcome::kFailed;
  }
}

}  // namespace

void ResetWhenClosed(int socket) {
  const linger at_once = {.l_onoff = 1, .l_linger = 0};
  // Cannot fail on a socket of ours.
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

std::variant<UniqueFd, TcpOutcome> KernelTcpSockets::Begin(const IpAddress& from, const IpAddress& to,
                                                           std::uint16_t port) {
  const bool ipv4 = to.family() == Family::kIpv4;
  UniqueFd fd(socket(ipv4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return TcpOutcome::kFailed;
  ResetWhenClosed(fd.get());
  const SocketAddress source(from, 0);
  if (bind(fd.get(), source.get(), source.size()) != 0) return TcpOutcome::kFailed;
  const SocketAddress at(to, port);
  if (connect(fd.get(), at.get(), at.size()) == 0) return TcpOutcome::kConnected;
  if (errno == EINPROGRESS || errno == EINTR) return fd;
  // All else that is known at once is of this node, such as a missing route.
  return errno == ECONNREFUSED ? TcpOutcome::kRefused : TcpOutcome::kFailed;
}

std::optional<TcpOutcome> KernelTcpSockets::Ended(const UniqueFd& attempt) {
  pollfd waited = {.fd = attempt.get(), .events = POLLOUT, .revents = 0};
  if (poll(&waited, 1, 0) <= 0) return std::nullopt;
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(attempt.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) return TcpOutcome::kFailed;
  return OutcomeOf(error);
}

}  // namespace faultline
