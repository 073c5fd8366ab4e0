#include "agent/observe/window_tally.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace faultline {
namespace {

ControllerTime StartOfWindow(ControllerTime time, Duration window) {
  Duration into = time.time_since_epoch() % window;
  if (into < Duration(0)) into += window;
  return time - into;
}

}  // namespace

void WindowTally::Reset(std::span<const NodeName> peers, Duration window) {
  kept_ = TakeAll();
  if (kept_.size() > kMostKept) {
    const std::size_t surplus = kept_.size() - kMostKept;
    std::ranges::nth_element(kept_, kept_.begin() + static_cast<std::ptrdiff_t>(surplus), {}, &WindowCount::start);
    kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(surplus));
    dropped_ += surplus;
  }
  std::map<NodeName, PeerIndex> before;
  for (PeerIndex peer = 0; peer < peers_.size(); ++peer) before[peers_[peer]] = peer;
  std::vector<Edge> edges(peers.size() * kFamilies.size());
  for (std::size_t i = 0; i < edges.size(); ++i) {
    edges[i].cells.resize(kMostWindows);
    const auto old = before.find(peers[i / kFamilies.size()]);
    if (old != before.end()) edges[i].seen = edges_[old->second * kFamilies.size() + i % kFamilies.size()].seen;
  }
  peers_.assign(peers.begin(), peers.end());
  window_ = window;
  edges_ = std::move(edges);
}

void WindowTally::CountSent(PeerIndex peer, Family family, ControllerTime sent_at) {
  ++CellOf(EdgeOf(peer, family), sent_at).sent;
}

bool WindowTally::CountReceived(PeerIndex peer, Family family, std::uint64_t sequence, ControllerTime sent_at,
                                ControllerTime arrived_at) {
  Edge& edge = EdgeOf(peer, family);
  if (!edge.seen.Accept(sequence)) return false;
  Cell& cell = CellOf(edge, sent_at);
  const Duration delay = arrived_at - sent_at;
  cell.min_delay = cell.received == 0 ? delay : std::min(cell.min_delay, delay);
  cell.sum_delay += delay;
  ++cell.received;
  return true;
}

std::vector<WindowCount> WindowTally::Drain() {
  std::vector<WindowCount> counts = TakeAll();
  std::ranges::stable_sort(counts, {},
                           [](const WindowCount& count) { return std::tie(count.peer, count.family, count.start); });
  return counts;
}

std::vector<WindowCount> WindowTally::TakeAll() {
  std::vector<WindowCount> counts = std::exchange(kept_, {});
  for (std::size_t i = 0; i < edges_.size(); ++i) {
    Edge& edge = edges_[i];
    for (; edge.count > 0; --edge.count, edge.first = (edge.first + 1) % kMostWindows) {
      const Cell& cell = edge.cells[edge.first];
      WindowCount& count = counts.emplace_back();
      count.peer = peers_[i / kFamilies.size()];
      count.family = kFamilies[i % kFamilies.size()];
      count.start = cell.start;
      count.sent = cell.sent;
      count.received = cell.received;
      if (cell.received > 0) count.min_delay = cell.min_delay;
      count.sum_delay = cell.sum_delay;
    }
  }
  return counts;
}

WindowTally::Edge& WindowTally::EdgeOf(PeerIndex peer, Family family) {
  return edges_[peer * kFamilies.size() + (family == Family::kIpv4 ? 0 : 1)];
}

WindowTally::Cell& WindowTally::CellOf(Edge& edge, ControllerTime sent_at) {
  const ControllerTime start = StartOfWindow(sent_at, window_);
  for (std::size_t i = edge.count; i > 0; --i) {
    Cell& cell = edge.cells[(edge.first + i - 1) % kMostWindows];
    if (cell.start == start) return cell;
  }
  if (edge.count == kMostWindows) {
    edge.first = (edge.first + 1) % kMostWindows;
    --edge.count;
    ++dropped_;
  }
  Cell& cell = edge.cells[(edge.first + edge.count++) % kMostWindows];
  cell = Cell{.start = start};
  return cell;
}

}  // namespace faultline
