#include "agent/doctor/controller_facts.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "agent/enrolled_controller.h"
#include "common/file.h"
#include "common/host_resolver.h"
#include "common/identity/certificate.h"
#include "common/status.h"
#include "common/unique_fd.h"

namespace faultline {
namespace {

constexpr Duration kResolvePatience = std::chrono::seconds(3);
constexpr std::chrono::milliseconds kConnectPatience(2000);
constexpr Duration kHandshakePatience = std::chrono::seconds(3);
// Of one name, as many as are worth trying.
constexpr std::size_t kMostTried = 4;

struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};

absl::StatusOr<HostPort> Split(absl::string_view address) {
  const std::size_t colon = address.rfind(':');
  int port = 0;
  if (colon == absl::string_view::npos || colon == 0 || !absl::SimpleAtoi(address.substr(colon + 1), &port) ||
      port < 1 || port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", address, "' is not an address; write HOST:PORT, [IPV6]:PORT or unix:/PATH"));
  }
  absl::string_view host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return HostPort{.host = std::string(host), .port = static_cast<std::uint16_t>(port)};
}

sockaddr_storage SocketAddress(const IpAddress& address, std::uint16_t port) {
  sockaddr_storage storage{};
  if (address.family() == Family::kIpv4) {
    auto& in = reinterpret_cast<sockaddr_in&>(storage);
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    std::ranges::copy(address.bytes(), reinterpret_cast<std::uint8_t*>(&in.sin_addr));
  } else {
    auto& in6 = reinterpret_cast<sockaddr_in6&>(storage);
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(port);
    std::ranges::copy(address.bytes(), reinterpret_cast<std::uint8_t*>(&in6.sin6_addr));
  }
  return storage;
}

absl::StatusOr<UniqueFd> Connect(const sockaddr* address, socklen_t size, const std::string& what) {
  UniqueFd fd(socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return ErrnoError(errno, absl::StrCat("connecting to ", what));
  if (connect(fd.get(), address, size) == 0) return fd;
  if (errno != EINPROGRESS) return ErrnoError(errno, what);
  pollfd writable{.fd = fd.get(), .events = POLLOUT, .revents = 0};
  const int ready = poll(&writable, 1, static_cast<int>(kConnectPatience.count()));
  if (ready == 0) return absl::DeadlineExceededError(absl::StrCat(what, " does not answer"));
  int error = 0;
  socklen_t length = sizeof(error);
  getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (ready < 0 || error != 0) return ErrnoError(ready < 0 ? errno : error, what);
  return fd;
}

absl::StatusOr<UniqueFd> ConnectToAny(const std::vector<IpAddress>& addresses, std::uint16_t port) {
  absl::Status failed = absl::NotFoundError("there is no address to connect to");
  for (std::size_t i = 0; i < addresses.size() && i < kMostTried; ++i) {
    const sockaddr_storage address = SocketAddress(addresses[i], port);
    const bool v4 = addresses[i].family() == Family::kIpv4;
    auto fd = Connect(
        reinterpret_cast<const sockaddr*>(&address), v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6),
        v4 ? absl::StrCat(addresses[i].ToString(), ":", port) : absl::StrCat("[", addresses[i].ToString(), "]:", port));
    if (fd.ok()) return fd;
    failed = fd.status();
  }
  return failed;
}

absl::Status ConnectToSocket(absl::string_view path) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (path.size() >= sizeof(address.sun_path)) return absl::InvalidArgumentError("the path is too long for a socket");
  path.copy(address.sun_path, path.size());
  return Connect(reinterpret_cast<const sockaddr*>(&address), sizeof(address), std::string(path)).status();
}

}  // namespace

ControllerFacts ReadCertificateFacts(const AgentConfig& config) {
  ControllerFacts facts{.address = config.controller, .files = config.tls, .now = SystemClock().WallNow()};
  const auto certificate = Certificate::Parse(ReadFile(config.tls.certificate).value_or(""));
  if (certificate.ok()) {
    facts.begins = certificate->NotBefore();
    facts.ends = certificate->NotAfter();
  }
  return facts;
}

ControllerFacts ReadControllerFacts(const AgentConfig& config, bool insecure) {
  ControllerFacts facts = ReadCertificateFacts(config);
  if (config.controller.empty()) {
    const absl::StatusOr<std::string> enrolled = EnrolledController(config.tls);
    if (!enrolled.ok()) {
      facts.resolved = enrolled.status();
      return facts;
    }
    facts.address = *enrolled;
  }
  absl::string_view path = facts.address;
  if (absl::ConsumePrefix(&path, "unix:")) {
    facts.resolved = std::vector<IpAddress>();
    facts.connected = ConnectToSocket(path);
    return facts;
  }
  const absl::StatusOr<HostPort> target = Split(facts.address);
  if (!target.ok()) {
    facts.resolved = target.status();
    return facts;
  }
  facts.resolved = ResolveHost(target->host, kResolvePatience);
  if (!facts.resolved.ok()) return facts;
  const absl::StatusOr<UniqueFd> connection = ConnectToAny(*facts.resolved, target->port);
  facts.connected = connection.status();
  if (connection.ok() && !insecure)
    facts.tls = TryContact(connection->get(), target->host, config.tls, kHandshakePatience);
  return facts;
}

}  // namespace faultline
