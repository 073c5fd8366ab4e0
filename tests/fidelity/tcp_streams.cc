#include "tests/fidelity/tcp_streams.h"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/status.h"

namespace faultline::fidelity {
namespace {

constexpr std::uint16_t kPort = 4000;
constexpr std::size_t kPiece = 1 << 16;

UniqueFd OpenSocket(const testing::Netns& netns) {
  const testing::InNetns inside(netns);
  return UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

}  // namespace

TcpInfo ReadTcpInfo(const UniqueFd& fd) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(fd.get(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) ADD_FAILURE() << "TCP_INFO: errno " << errno;
  return {
      .segments_out = info.tcpi_segs_out, .segments_in = info.tcpi_segs_in, .retransmissions = info.tcpi_total_retrans};
}

absl::StatusOr<TcpPair> ConnectTcp(const testing::Netns& from, const testing::Netns& to, const std::string& address) {
  const UniqueFd listener = OpenSocket(to);
  TcpPair pair{.client = OpenSocket(from)};
  const int on = 1;
  setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in endpoint{.sin_family = AF_INET, .sin_port = htons(kPort)};
  inet_pton(AF_INET, address.c_str(), &endpoint.sin_addr);
  const auto* name = reinterpret_cast<const sockaddr*>(&endpoint);
  if (bind(listener.get(), name, sizeof(endpoint)) != 0) return ErrnoError(errno, "bind");
  if (listen(listener.get(), 1) != 0) return ErrnoError(errno, "listen");
  if (connect(pair.client.get(), name, sizeof(endpoint)) != 0) return ErrnoError(errno, "connect");
  pair.server = UniqueFd(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!pair.server) return ErrnoError(errno, "accept");
  const int non_blocking = 1;
  ioctl(pair.client.get(), FIONBIO, &non_blocking);
  return pair;
}

absl::StatusOr<TcpStreams> TcpStreams::Open(const testing::Netns& from, const testing::Netns& to,
                                            const std::string& address, int connections) {
  std::vector<TcpPair> pairs;
  for (int i = 0; i < connections; ++i) {
    FAULTLINE_ASSIGN_OR_RETURN(TcpPair pair, ConnectTcp(from, to, address));
    pairs.push_back(std::move(pair));
  }
  return TcpStreams(std::move(pairs));
}

TcpStreams::Count TcpStreams::Counted() const {
  Count count;
  for (const TcpPair& pair : pairs_) {
    count.sent += ReadTcpInfo(pair.client).segments_out;
    count.arrived += ReadTcpInfo(pair.server).segments_in;
  }
  return count;
}

bool TcpStreams::AllAcknowledged() const {
  return std::all_of(pairs_.begin(), pairs_.end(), [](const TcpPair& pair) {
    int waiting = 0;
    return ioctl(pair.client.get(), SIOCOUTQ, &waiting) == 0 && waiting == 0;
  });
}

void TcpStreams::Pump(bool send) {
  static const auto* const kData = new std::string(kPiece, 'x');
  static std::array<char, 4 * kPiece> received;
  std::vector<pollfd> events;
  for (const TcpPair& pair : pairs_) {
    events.push_back({.fd = pair.server.get(), .events = POLLIN});
    if (send) events.push_back({.fd = pair.client.get(), .events = POLLOUT});
  }
  poll(events.data(), events.size(), /*timeout=*/1);
  for (const pollfd& event : events) {
    if ((event.revents & POLLIN) != 0) recv(event.fd, received.data(), received.size(), 0);
    if ((event.revents & POLLOUT) != 0) ::send(event.fd, kData->data(), kData->size(), MSG_NOSIGNAL);
  }
}

absl::StatusOr<TcpStreams::Count> TcpStreams::Send(std::uint64_t packets, Duration timeout) {
  const Count before = Counted();
  const SystemClock clock;
  const MonotonicTime deadline = clock.Now() + timeout;
  bool more = true;
  while (more || !AllAcknowledged()) {
    if (clock.Now() > deadline) return absl::DeadlineExceededError("TCP was too slow");
    Pump(more);
    more = more && Counted().sent - before.sent < packets;
  }
  const Count after = Counted();
  return Count{.sent = after.sent - before.sent, .arrived = after.arrived - before.arrived};
}

}  // namespace faultline::fidelity
