#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "agent/observe/sequence_window.h"
#include "common/clock.h"
#include "common/name.h"
#include "common/prefix.h"

namespace faultline {

// What was counted for one peer and IP version in one window of send time. A value.
struct WindowCount {
  NodeName peer;
  Family family = Family::kIpv4;
  // A multiple of the window's width.
  ControllerTime start;
  // Probes sent to the peer in the window.
  std::uint32_t sent = 0;
  // Probes that the peer sent in the window and that arrived here.
  std::uint32_t received = 0;
  // Least one-way delay of those received; absent when none. Below zero when clock errors exceed it.
  std::optional<Duration> min_delay;
  // Sum of their one-way delays; 0 when none.
  Duration sum_delay{0};

  friend bool operator==(const WindowCount&, const WindowCount&) = default;
};

// Counts probes by peer, IP version and window of send time. Memory is bounded: of one peer and IP version the last
// kMostWindows windows are kept until they are drained; older ones are dropped and dropped() tells how many. Counting
// allocates nothing. Pure; not thread-safe.
class WindowTally {
 public:
  // Positions in the peers given to Reset.
  using PeerIndex = std::size_t;

  static constexpr std::size_t kMostWindows = 256;
  // Counts kept over a Reset.
  static constexpr std::size_t kMostKept = 65536;

  // Takes up other peers or another width (> 0). Counts made so far stay, and the next Drain gives them; what was seen
  // of duplicates stays of peers that stay.
  void Reset(std::span<const NodeName> peers, Duration window);

  // A probe to the peer went out. REQUIRES: peer is below the number of peers.
  void CountSent(PeerIndex peer, Family family, ControllerTime sent_at);

  // A probe of the peer arrived. False when it is a duplicate, or so far behind the newest that it cannot be told from
  // one (SequenceWindow::kWidth probes); it is then not counted. REQUIRES: as above.
  bool CountReceived(PeerIndex peer, Family family, std::uint64_t sequence, ControllerTime sent_at,
                     ControllerTime arrived_at);

  // Every count since the last Drain, and forgets them. A window that is not over yet, or whose probes are still under
  // way, comes again with what was counted later: the counts of one window add up. By peer, IP version and start.
  std::vector<WindowCount> Drain();

  // Windows lost to the bounds so far.
  std::uint64_t dropped() const { return dropped_; }

 private:
  struct Cell {
    ControllerTime start;
    std::uint32_t sent = 0;
    std::uint32_t received = 0;
    // Meaningless while received is 0.
    Duration min_delay{0};
    Duration sum_delay{0};
  };
  // One peer and IP version: a ring of cells, oldest first from `first`.
  struct Edge {
    std::vector<Cell> cells;
    std::size_t first = 0;
    std::size_t count = 0;
    SequenceWindow seen;
  };

  std::vector<WindowCount> TakeAll();
  Edge& EdgeOf(PeerIndex peer, Family family);
  Cell& CellOf(Edge& edge, ControllerTime sent_at);

  std::vector<NodeName> peers_;
  Duration window_{1};
  // Two per peer: IPv4, IPv6.
  std::vector<Edge> edges_;
  std::vector<WindowCount> kept_;
  std::uint64_t dropped_ = 0;
};

}  // namespace faultline
