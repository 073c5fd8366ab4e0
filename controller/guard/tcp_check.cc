#include "controller/guard/tcp_check.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/duration.h"
#include "common/host_resolver.h"

namespace faultline {
namespace {

std::string Words(int error) { return absl::AsciiStrToLower(strerror(error)); }

UniqueFd StartConnect(const IpAddress& address, std::uint16_t port, int& error) {
  sockaddr_storage storage{};
  const std::string bytes = address.ToBytes();
  socklen_t size = 0;
  if (address.family() == Family::kIpv4) {
    auto* target = reinterpret_cast<sockaddr_in*>(&storage);
    target->sin_family = AF_INET;
    target->sin_port = htons(port);
    memcpy(&target->sin_addr, bytes.data(), sizeof target->sin_addr);
    size = sizeof *target;
  } else {
    auto* target = reinterpret_cast<sockaddr_in6*>(&storage);
    target->sin6_family = AF_INET6;
    target->sin6_port = htons(port);
    memcpy(&target->sin6_addr, bytes.data(), sizeof target->sin6_addr);
    size = sizeof *target;
  }
  UniqueFd fd(socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  error = 0;
  if (!fd || connect(fd.get(), reinterpret_cast<const sockaddr*>(&storage), size) != 0) error = errno;
  return fd;
}

// How an attempt that poll() has something to say of has ended: 0 when it is connected.
int ErrorOf(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

// Attempts to connect that are under way, all at a time: an address that does not answer keeps none from being tried.
class Attempts {
 public:
  void Start(const IpAddress& address, std::uint16_t port) {
    int error = 0;
    UniqueFd fd = StartConnect(address, port, error);
    if (error == EINPROGRESS) {
      pending_.push_back(std::move(fd));
    } else {
      Ended(error);
    }
  }

  // Nothing when a connection was made; else why none was.
  std::string Await(const Deadline& deadline, const StopSignal& stop) {
    while (!connected_ && !pending_.empty()) {
      std::vector<pollfd> waits = {{stop.fd(), POLLIN, 0}};
      for (const UniqueFd& fd : pending_) waits.push_back({fd.get(), POLLOUT, 0});
      const int ready = poll(waits.data(), waits.size(), deadline.LeftMilliseconds());
      if (stop.raised()) return "given up";
      if (ready == 0) return absl::StrCat("no answer within ", FormatDuration(deadline.timeout()));
      if (ready > 0) Gather(waits);
    }
    return connected_ ? "" : why_;
  }

 private:
  // `waits`: a first of somebody else's, then those that are pending.
  void Gather(const std::vector<pollfd>& waits) {
    for (std::size_t i = waits.size() - 1; i > 0; --i) {
      if (waits[i].revents == 0) continue;
      Ended(ErrorOf(waits[i].fd));
      pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(i) - 1);
    }
  }
  void Ended(int error) {
    connected_ = connected_ || error == 0;
    if (error != 0) why_ = Words(error);
  }

  std::vector<UniqueFd> pending_;
  bool connected_ = false;
  // Of the last that failed.
  std::string why_;
};

}  // namespace

CheckResult ConnectToAny(const std::vector<IpAddress>& addresses, std::uint16_t port, const Deadline& deadline,
                         const StopSignal& stop) {
  Attempts attempts;
  for (const IpAddress& address : addresses) attempts.Start(address, port);
  const std::string why = attempts.Await(deadline, stop);
  return {.passed = why.empty(), .detail = why.empty() ? "connected" : why};
}

CheckResult CheckTcp(const TcpCheck& check, Duration timeout, const StopSignal& stop) {
  const Deadline deadline(timeout);
  const absl::StatusOr<std::vector<IpAddress>> addresses = ResolveHost(check.host, timeout);
  if (!addresses.ok()) return {.passed = false, .detail = std::string(addresses.status().message())};
  return ConnectToAny(*addresses, check.port, deadline, stop);
}

}  // namespace faultline
