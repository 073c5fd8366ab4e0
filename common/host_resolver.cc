#include "common/host_resolver.h"

#include <ares.h>
#include <netinet/in.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/duration.h"

namespace faultline {
namespace {

struct ChannelFreer {
  void operator()(ares_channeldata* channel) const { ares_destroy(channel); }
};
using Channel = std::unique_ptr<ares_channeldata, ChannelFreer>;

struct Answer {
  bool known = false;
  int code = ARES_SUCCESS;
  std::vector<IpAddress> addresses;
};

absl::StatusOr<IpAddress> AddressOf(const ares_addrinfo_node& node) {
  if (node.ai_family == AF_INET) {
    const auto* address = reinterpret_cast<const sockaddr_in*>(node.ai_addr);
    return IpAddress::FromBytes({reinterpret_cast<const char*>(&address->sin_addr), sizeof address->sin_addr});
  }
  const auto* address = reinterpret_cast<const sockaddr_in6*>(node.ai_addr);
  return IpAddress::FromBytes({reinterpret_cast<const char*>(&address->sin6_addr), sizeof address->sin6_addr});
}

// Called when the query ends in any way, also by the end of its channel.
void Keep(void* target, int code, int, ares_addrinfo* found) {
  auto& answer = *static_cast<Answer*>(target);
  answer.known = true;
  answer.code = code;
  if (found == nullptr) return;
  for (const ares_addrinfo_node* node = found->nodes; node != nullptr; node = node->ai_next) {
    if (node->ai_family != AF_INET && node->ai_family != AF_INET6) continue;
    if (const absl::StatusOr<IpAddress> address = AddressOf(*node); address.ok()) answer.addresses.push_back(*address);
  }
  ares_freeaddrinfo(found);
}

timeval ToTimeval(Duration time) {
  const auto micros = std::chrono::ceil<std::chrono::microseconds>(time).count();
  return {.tv_sec = micros / 1'000'000, .tv_usec = micros % 1'000'000};
}

// Waits for servers, or until one of them has been silent for too long, at most `most`.
void Work(ares_channeldata* channel, Duration most) {
  std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
  const auto wanted = static_cast<unsigned>(ares_getsock(channel, sockets.data(), static_cast<int>(sockets.size())));
  std::array<pollfd, ARES_GETSOCK_MAXNUM> fds{};
  nfds_t count = 0;
  for (unsigned i = 0; i < sockets.size(); ++i) {
    const bool reads = ARES_GETSOCK_READABLE(wanted, i) != 0;
    const bool writes = ARES_GETSOCK_WRITABLE(wanted, i) != 0;
    if (!reads && !writes) continue;
    const int events = (reads ? POLLIN : 0) | (writes ? POLLOUT : 0);
    fds[count++] = {.fd = sockets[i], .events = static_cast<short>(events), .revents = 0};
  }
  timeval limit = ToTimeval(most);
  timeval next{};
  const timeval* wait = ares_timeout(channel, &limit, &next);
  poll(fds.data(), count, static_cast<int>(wait->tv_sec * 1000 + wait->tv_usec / 1000 + 1));
  for (nfds_t i = 0; i < count; ++i) {
    const auto ready = [&fds, i](int events) { return (fds[i].revents & events) != 0 ? fds[i].fd : ARES_SOCKET_BAD; };
    ares_process_fd(channel, ready(POLLIN | POLLERR | POLLHUP), ready(POLLOUT));
  }
  if (count == 0) ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

absl::Status Unknown(const std::string& name, absl::string_view reason) {
  return absl::NotFoundError(absl::StrCat("cannot look up '", name, "': ", reason));
}

}  // namespace

absl::StatusOr<std::vector<IpAddress>> ResolveHost(const std::string& name, Duration timeout) {
  // c-ares was seen to ask servers even for an address.
  if (const absl::StatusOr<IpAddress> address = IpAddress::Parse(name); address.ok()) return std::vector{*address};
  const SystemClock clock;
  const MonotonicTime deadline = clock.Now() + timeout;
  // Outlives the channel, which still writes it when it goes.
  Answer answer;
  ares_channeldata* made = nullptr;
  if (const int code = ares_init(&made); code != ARES_SUCCESS) return Unknown(name, ares_strerror(code));
  const Channel channel(made);
  ares_addrinfo_hints hints{};
  hints.ai_flags = ARES_AI_NOSORT;
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  ares_getaddrinfo(channel.get(), name.c_str(), nullptr, &hints, &Keep, &answer);
  for (MonotonicTime now = clock.Now(); !answer.known; now = clock.Now()) {
    if (now >= deadline) {
      return absl::DeadlineExceededError(
          absl::StrCat("cannot look up '", name, "': no answer within ", FormatDuration(timeout)));
    }
    Work(channel.get(), deadline - now);
  }
  if (answer.code != ARES_SUCCESS) return Unknown(name, ares_strerror(answer.code));
  if (answer.addresses.empty()) return Unknown(name, "it has no address");
  std::sort(answer.addresses.begin(), answer.addresses.end());
  answer.addresses.erase(std::unique(answer.addresses.begin(), answer.addresses.end()), answer.addresses.end());
  return answer.addresses;
}

}  // namespace faultline
