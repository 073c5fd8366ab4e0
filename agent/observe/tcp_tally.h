#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "agent/observe/tcp_mesh.h"
#include "common/clock.h"

namespace faultline {

// How an attempt to connect ended.
enum class TcpOutcome : std::uint8_t {
  kConnected,
  // By a reset.
  kRefused,
  kTimedOut,
  // By ICMP.
  kUnreachable,
  // It could not be begun: nothing was sent.
  kFailed,
};

// The attempts of one target that were begun in one window, by how they ended. A value.
struct TcpCount {
  NodeName peer;
  Family family = Family::kIpv4;
  std::uint16_t port = 0;
  // A multiple of the window's width.
  ControllerTime start;
  std::uint32_t connected = 0;
  std::uint32_t refused = 0;
  std::uint32_t timed_out = 0;
  std::uint32_t unreachable = 0;
  std::uint32_t failed = 0;
  // Least time to the answer among those connected or refused; absent when none.
  std::optional<Duration> min_time;
  // Sum of the times of those; 0 when none.
  Duration sum_time{0};

  friend bool operator==(const TcpCount&, const TcpCount&) = default;
};

// Counts attempts that have ended, by target and window of the time at which they began. Memory is bounded: what nobody
// drains is dropped, oldest window first, and dropped() tells how much. Pure; not thread-safe.
class TcpTally {
 public:
  static constexpr std::size_t kMostWindows = 16'384;

  // `window`: the width, > 0. `took`: to the answer; of no meaning for an attempt without one.
  void Count(const TcpTarget& target, ControllerTime begun, Duration window, TcpOutcome outcome, Duration took);

  // Every count since the last Drain, and forgets them; a window may come again, and then adds up.
  std::vector<TcpCount> Drain();

  // Windows lost to the bound so far.
  std::uint64_t dropped() const { return dropped_; }

 private:
  using Key = std::tuple<ControllerTime, NodeName, Family, std::uint16_t>;

  std::map<Key, TcpCount> counts_;
  std::uint64_t dropped_ = 0;
};

}  // namespace faultline
