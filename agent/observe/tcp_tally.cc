#include "agent/observe/tcp_tally.h"

#include <algorithm>

namespace faultline {
namespace {

void AddOutcome(TcpOutcome outcome, TcpCount& count) {
  switch (outcome) {
    case TcpOutcome::kConnected:
      ++count.connected;
      return;
    case TcpOutcome::kRefused:
      ++count.refused;
      return;
    case TcpOutcome::kTimedOut:
      ++count.timed_out;
      return;
    case TcpOutcome::kUnreachable:
      ++count.unreachable;
      return;
    case TcpOutcome::kFailed:
      ++count.failed;
      return;
  }
}

}  // namespace

void TcpTally::Count(const TcpTarget& target, ControllerTime begun, Duration window, TcpOutcome outcome,
                     Duration took) {
  Duration into = begun.time_since_epoch() % window;
  if (into < Duration(0)) into += window;
  const ControllerTime start = begun - into;
  const Family family = target.address.family();
  TcpCount& count = counts_[{start, target.peer, family, target.port}];
  count.peer = target.peer;
  count.family = family;
  count.port = target.port;
  count.start = start;
  AddOutcome(outcome, count);
  if (outcome == TcpOutcome::kConnected || outcome == TcpOutcome::kRefused) {
    count.min_time = std::min(count.min_time.value_or(took), took);
    count.sum_time += took;
  }
  if (counts_.size() <= kMostWindows) return;
  counts_.erase(counts_.begin());
  ++dropped_;
}

std::vector<TcpCount> TcpTally::Drain() {
  std::vector<TcpCount> drained;
  for (auto& [key, count] : counts_) drained.push_back(std::move(count));
  counts_.clear();
  return drained;
}

}  // namespace faultline
