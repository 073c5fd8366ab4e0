#include "controller/report/probe_log.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/impairment.h"
#include "common/status.h"
#include "common/timeline_codec.h"

namespace faultline {
namespace {

// More in one window than any node may send in a minute: such a count is made up.
constexpr std::uint32_t kMostInWindow = 12'000;
// So is a delay beyond what any impairment adds.
constexpr Duration kMostDelay = 2 * kLongestDelay;

// One window of a report, read: the edges it tells of, as seen by its reporter.
struct Reported {
  ProbeEdge outward;
  ProbeEdge inward;
  ControllerTime start;
  std::uint32_t sent = 0;
  std::uint32_t received = 0;
  std::optional<Duration> min_delay;
  std::optional<Duration> sum_delay;
};

absl::StatusOr<Family> DecodeFamily(v1::Family family) {
  if (family == v1::FAMILY_IPV4) return Family::kIpv4;
  if (family == v1::FAMILY_IPV6) return Family::kIpv6;
  return absl::InvalidArgumentError(absl::StrCat("IP version ", static_cast<int>(family), " is not known"));
}

absl::StatusOr<Reported> DecodeWindow(const NodeName& reporter, const v1::ProbeWindow& message, Duration width) {
  FAULTLINE_RETURN_IF_ERROR(CheckName(message.peer(), "name of the peer"));
  FAULTLINE_ASSIGN_OR_RETURN(const Family family, DecodeFamily(message.family()));
  FAULTLINE_ASSIGN_OR_RETURN(const Duration start, DecodeDuration(message.start()));
  if (start % width != Duration(0)) return absl::InvalidArgumentError("its start is no multiple of the width");
  if (message.sent() > kMostInWindow || message.received() > kMostInWindow) {
    return absl::InvalidArgumentError("it has more probes than a window can");
  }
  const NodeName peer(message.peer());
  Reported window = {.outward = {.from = reporter, .to = peer, .family = family},
                     .inward = {.from = peer, .to = reporter, .family = family},
                     .start = ControllerTime(start),
                     .sent = message.sent(),
                     .received = message.received()};
  if (message.has_min_delay()) {
    FAULTLINE_ASSIGN_OR_RETURN(window.min_delay, DecodeDuration(message.min_delay()));
  }
  if (message.has_sum_delay()) {
    FAULTLINE_ASSIGN_OR_RETURN(window.sum_delay, DecodeDuration(message.sum_delay()));
    if (std::chrono::abs(*window.sum_delay) > window.received * kMostDelay) {
      return absl::InvalidArgumentError("its probes took longer than any can");
    }
  }
  return window;
}

// Sums of reports that are made up must not overflow.
Duration AddClamped(Duration a, Duration b) {
  constexpr Duration kMost = Duration::max() / 4;
  return std::clamp(a + b, -kMost, kMost);
}

constexpr Duration kSecond = std::chrono::seconds(1);

ControllerTime SecondOf(ControllerTime time) { return std::chrono::floor<std::chrono::seconds>(time); }

}  // namespace

void ProbeSum::Add(const ProbeSum& more) {
  sent += more.sent;
  received += more.received;
  if (more.min_delay) min_delay = std::min(min_delay.value_or(*more.min_delay), *more.min_delay);
  timed += more.timed;
  sum_delay = AddClamped(sum_delay, more.sum_delay);
}

absl::Status ProbeLog::Add(const NodeName& reporter, const v1::Observation& observation) {
  std::vector<Reported> windows;
  for (const v1::ProbeWindow& message : observation.windows()) {
    absl::StatusOr<Reported> window = DecodeWindow(reporter, message, window_);
    if (!window.ok()) {
      return WithContext(window.status(), absl::StrCat("probe window ", windows.size(), " of ", reporter.text()));
    }
    windows.push_back(*std::move(window));
  }
  const std::lock_guard lock(mutex_);
  for (const Reported& window : windows) {
    if (window.sent > 0) Merge(window.outward, window.start, {.sent = window.sent});
    if (window.received > 0) {
      Merge(window.inward, window.start,
            {.received = window.received,
             .min_delay = window.min_delay,
             .timed = window.sum_delay ? window.received : 0,
             .sum_delay = window.sum_delay.value_or(Duration(0))});
    }
  }
  if (count_ > most_) MakeRoom();
  return absl::OkStatus();
}

void ProbeLog::Merge(const ProbeEdge& edge, ControllerTime start, const ProbeSum& count) {
  if (forgotten_ && start < *forgotten_) return;
  auto found = edges_.find(edge);
  if (found == edges_.end()) {
    if (edges_.size() >= kMostEdges) return;
    found = edges_.try_emplace(edge).first;
  }
  Windows& windows = found->second;
  const auto [window, is_new] = windows.try_emplace(start);
  window->second.Add(count);
  if (!is_new) return;
  ++count_;
  ++seconds_[SecondOf(start)];
  if (windows.size() <= kMostWindows) return;
  Uncount(windows.begin()->first);
  windows.erase(windows.begin());
}

void ProbeLog::Trim(ControllerTime before) {
  const std::lock_guard lock(mutex_);
  Forget(before);
}

std::optional<ControllerTime> ProbeLog::forgotten() const {
  const std::lock_guard lock(mutex_);
  return forgotten_;
}

void ProbeLog::Forget(ControllerTime before) {
  for (auto edge = edges_.begin(); edge != edges_.end();) {
    Windows& windows = edge->second;
    const auto end = windows.lower_bound(before);
    for (auto window = windows.begin(); window != end; ++window) Uncount(window->first);
    windows.erase(windows.begin(), end);
    edge = windows.empty() ? edges_.erase(edge) : std::next(edge);
  }
}

void ProbeLog::MakeRoom() {
  // A pass over all edges each time.
  const std::size_t enough = most_ - most_ / 32;
  std::size_t left = count_;
  auto second = seconds_.begin();
  for (; second != seconds_.end() && left > enough; ++second) left -= second->second;
  forgotten_ = second == seconds_.end() ? std::prev(second)->first + kSecond : second->first;
  Forget(*forgotten_);
}

void ProbeLog::Uncount(ControllerTime start) {
  --count_;
  const auto second = seconds_.find(SecondOf(start));
  if (--second->second == 0) seconds_.erase(second);
}

std::vector<NodeName> ProbeLog::Receivers(const NodeName& from, Family family) const {
  std::vector<NodeName> receivers;
  const std::lock_guard lock(mutex_);
  for (auto edge = edges_.lower_bound({.from = from, .to = {}, .family = Family::kIpv4});
       edge != edges_.end() && edge->first.from == from; ++edge) {
    if (edge->first.family == family) receivers.push_back(edge->first.to);
  }
  return receivers;
}

ProbeSum ProbeLog::Sum(const ProbeEdge& edge, ControllerTime start, ControllerTime end) const {
  const std::lock_guard lock(mutex_);
  ProbeSum sum;
  const auto found = edges_.find(edge);
  if (found == edges_.end()) return sum;
  const Windows& windows = found->second;
  for (auto window = windows.lower_bound(start); window != windows.end() && window->first + window_ <= end; ++window) {
    sum.Add(window->second);
  }
  return sum;
}

std::vector<ProbeSum> ProbeLog::Sums(const ProbeEdge& edge, ControllerTime start, Duration step,
                                     std::size_t count) const {
  std::vector<ProbeSum> sums(count);
  const std::lock_guard lock(mutex_);
  const auto found = edges_.find(edge);
  if (found == edges_.end()) return sums;
  const Windows& windows = found->second;
  for (auto window = windows.lower_bound(start); window != windows.end(); ++window) {
    const auto index = static_cast<std::size_t>((window->first - start) / step);
    if (index >= count) break;
    if (window->first + window_ <= start + static_cast<Duration::rep>(index + 1) * step) {
      sums[index].Add(window->second);
    }
  }
  return sums;
}

std::vector<ProbeLog::SentWindow> ProbeLog::Sent(const ProbeEdge& edge, ControllerTime start,
                                                 ControllerTime end) const {
  const std::lock_guard lock(mutex_);
  std::vector<SentWindow> sent;
  const auto found = edges_.find(edge);
  if (found == edges_.end()) return sent;
  const Windows& windows = found->second;
  for (auto window = windows.lower_bound(start); window != windows.end() && window->first + window_ <= end; ++window) {
    if (window->second.sent > 0) sent.push_back({window->first, window->second.sent});
  }
  return sent;
}

bool ProbeLog::Witnessed(const NodeName& node, ControllerTime start, ControllerTime end) const {
  const ControllerTime middle = start + (end - start) / 2;
  const std::lock_guard lock(mutex_);
  return SentIn(node, start, middle) && SentIn(node, middle, end);
}

bool ProbeLog::SentIn(const NodeName& node, ControllerTime start, ControllerTime end) const {
  for (auto edge = edges_.lower_bound({.from = node}); edge != edges_.end() && edge->first.from == node; ++edge) {
    const Windows& windows = edge->second;
    for (auto window = windows.lower_bound(start); window != windows.end() && window->first < end; ++window) {
      if (window->second.sent > 0) return true;
    }
  }
  return false;
}

}  // namespace faultline
