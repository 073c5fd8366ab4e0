#include "controller/rpc/tcp_sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/host_resolver.h"
#include "common/status.h"

namespace faultline {
namespace {

constexpr int kBacklog = 1024;
// Of the look-up of a host's name.
constexpr auto kNamePatience = std::chrono::seconds(10);

struct Target {
  std::string host;
  std::string port;
};

Target Split(absl::string_view text) {
  const std::size_t colon = text.rfind(':');
  absl::string_view host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return {.host = std::string(host), .port = std::string(text.substr(colon + 1))};
}

absl::Status Refused(const std::string& target, int error) {
  const std::string what = absl::StrCat("cannot listen on ", target, ": ");
  const auto failed = [&](const auto&... words) { return absl::FailedPreconditionError(absl::StrCat(what, words...)); };
  switch (error) {
    case EADDRINUSE:
      return failed("another program does; `ss -tlnp sport = :", Split(target).port,
                    "` names it. Stop that, or give another port in the configuration as listen: HOST:PORT");
    case EADDRNOTAVAIL:
      return failed(
          "that is no address of this host; `ip address` lists them. Give one in the configuration as listen: "
          "HOST:PORT, or 0.0.0.0 for all");
    case EACCES:
      return failed("ports below 1024 take a privilege. Give another in the configuration as listen: HOST:PORT");
    default:
      return failed(strerror(error));
  }
}

bool Set(int fd, int level, int option, int value) { return setsockopt(fd, level, option, &value, sizeof(value)) == 0; }

struct Attempt {
  UniqueFd socket;
  // Of errno, when there is no socket.
  int error = 0;
};

Attempt ListenAt(const sockaddr* address, socklen_t size, bool both_families, Duration patience) {
  const auto user_timeout = static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(patience).count());
  UniqueFd fd(socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const bool six = address->sa_family == AF_INET6;
  // Connections inherit the last two.
  const bool listens = fd && Set(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1) &&
                       (!six || Set(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, both_families ? 0 : 1)) &&
                       Set(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1) &&
                       Set(fd.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, user_timeout) &&
                       bind(fd.get(), address, size) == 0 && listen(fd.get(), kBacklog) == 0;
  if (listens) return {.socket = std::move(fd)};
  return {.error = errno};
}

absl::StatusOr<std::vector<UniqueFd>> ListenEverywhere(const std::string& target, in_port_t port, Duration patience) {
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = port;
  Attempt attempt = ListenAt(reinterpret_cast<const sockaddr*>(&six), sizeof(six), true, patience);
  // A host may be without IPv6.
  if (attempt.error == EAFNOSUPPORT || attempt.error == EADDRNOTAVAIL) {
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = port;
    attempt = ListenAt(reinterpret_cast<const sockaddr*>(&four), sizeof(four), false, patience);
  }
  if (attempt.error != 0) return Refused(target, attempt.error);
  std::vector<UniqueFd> sockets;
  sockets.push_back(std::move(attempt.socket));
  return sockets;
}

bool IsWildcard(const IpAddress& address) {
  return std::ranges::all_of(address.bytes(), [](std::uint8_t byte) { return byte == 0; });
}

Attempt ListenAt(const IpAddress& address, in_port_t port, Duration patience) {
  const auto bytes = address.bytes();
  if (address.family() == Family::kIpv4) {
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = port;
    std::ranges::copy(bytes, reinterpret_cast<std::uint8_t*>(&four.sin_addr));
    return ListenAt(reinterpret_cast<const sockaddr*>(&four), sizeof(four), false, patience);
  }
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = port;
  std::ranges::copy(bytes, six.sin6_addr.s6_addr);
  return ListenAt(reinterpret_cast<const sockaddr*>(&six), sizeof(six), false, patience);
}

}  // namespace

absl::StatusOr<std::vector<UniqueFd>> ListenTcp(const std::string& target, Duration patience) {
  const auto [host, port_text] = Split(target);
  std::uint32_t number = 0;
  if (!absl::SimpleAtoi(port_text, &number) || number > 65535) {
    return absl::FailedPreconditionError(absl::StrCat("cannot listen on ", target, ": ", port_text, " is no port"));
  }
  const in_port_t port = htons(static_cast<std::uint16_t>(number));
  const absl::StatusOr<std::vector<IpAddress>> addresses = ResolveHost(host, kNamePatience);
  if (!addresses.ok()) {
    return absl::FailedPreconditionError(absl::StrCat("cannot listen on ", target, ": ", addresses.status().message()));
  }
  if (IsWildcard(addresses->front())) return ListenEverywhere(target, port, patience);
  std::vector<UniqueFd> sockets;
  int error = 0;
  for (const IpAddress& address : *addresses) {
    Attempt attempt = ListenAt(address, port, patience);
    // A name may have addresses that this host lacks for now; one that is somebody else's is an error.
    if (attempt.error == EADDRINUSE) return Refused(target, attempt.error);
    if (attempt.error != 0) error = attempt.error;
    if (attempt.socket) sockets.push_back(std::move(attempt.socket));
  }
  if (sockets.empty()) return Refused(target, error);
  return sockets;
}

}  // namespace faultline
