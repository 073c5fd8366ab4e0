#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/unique_fd.h"
#include "tests/support/netns.h"

namespace faultline::fidelity {

// What TCP knows of one end of a connection (TCP_INFO). Segments are packets as they are on the wire, also where the
// kernel has many of them in one piece (tcp.c: tcp_segs_in and tcp_skb_pcount go by gso_segs).
struct TcpInfo {
  std::uint64_t segments_out = 0;
  std::uint64_t segments_in = 0;
  std::uint32_t retransmissions = 0;
};
TcpInfo ReadTcpInfo(const UniqueFd& fd);

// An established connection, both of its ends non-blocking.
struct TcpPair {
  UniqueFd client;
  UniqueFd server;
};
absl::StatusOr<TcpPair> ConnectTcp(const testing::Netns& from, const testing::Netns& to, const std::string& address);

// Connections that send as fast as TCP lets them, one way.
class TcpStreams {
 public:
  static absl::StatusOr<TcpStreams> Open(const testing::Netns& from, const testing::Netns& to,
                                         const std::string& address, int connections);

  struct Count {
    std::uint64_t sent = 0;
    std::uint64_t arrived = 0;
  };
  // Sends until `packets` have been sent, then until all is acknowledged, so that none is on its way any more.
  // DEADLINE_EXCEEDED when that takes longer than `timeout`.
  absl::StatusOr<Count> Send(std::uint64_t packets, Duration timeout);

 private:
  explicit TcpStreams(std::vector<TcpPair> pairs) : pairs_(std::move(pairs)) {}

  Count Counted() const;
  bool AllAcknowledged() const;
  // Sends and receives what can be at this moment.
  void Pump(bool send);

  std::vector<TcpPair> pairs_;
};

}  // namespace faultline::fidelity
