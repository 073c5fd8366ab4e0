#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/name.h"
#include "controller/report/tcp_edges.h"
#include "faultline/v1/observation.pb.h"

namespace faultline {

// How the attempts of an edge ended over some time. A value.
struct TcpSum {
  std::uint32_t connected = 0;
  std::uint32_t refused = 0;
  std::uint32_t timed_out = 0;
  std::uint32_t unreachable = 0;
  // Of those connected or refused: the sum of their times to the answer.
  Duration sum_time{0};

  std::uint32_t Attempts() const { return connected + refused + timed_out + unreachable; }
  void Add(const TcpSum& more);
  friend bool operator==(const TcpSum&, const TcpSum&) = default;
};

// Every attempt to connect that the fleet has reported, by edge and window. Bounded by Trim, which its owner calls now
// and then, and by kMostWindows per edge and kMostEdges in all (the oldest windows and the newest edges give way).
// Thread-safe; nothing blocks for long.
class TcpLog {
 public:
  static constexpr std::size_t kMostWindows = 36'000;
  static constexpr std::size_t kMostEdges = 100'000;

  // `window`: the width in every node's TcpProbeConfig; > 0.
  explicit TcpLog(Duration window) : window_(window) {}

  // Adds what a node reports of its attempts; several reports of one window add up. INVALID_ARGUMENT names the
  // malformed window; then nothing of the message is taken.
  absl::Status Add(const NodeName& reporter, const v1::Observation& observation);

  // Forgets windows that begin before then.
  void Trim(ControllerTime before);

  // The windows with attempts that lie wholly in [start, end), by time.
  struct Window {
    ControllerTime start;
    TcpSum sum;
  };
  std::vector<Window> Windows(const TcpEdge& edge, ControllerTime start, ControllerTime end) const;
  Duration window() const { return window_; }

 private:
  const Duration window_;
  mutable std::mutex mutex_;
  // Under mutex_: by start of window.
  std::map<TcpEdge, std::map<ControllerTime, TcpSum>> edges_;
};

}  // namespace faultline
