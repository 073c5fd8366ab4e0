#include "controller/report/tcp_log.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "common/timeline_codec.h"

namespace faultline {
namespace {

// More in one window than a node may begin in a minute, or an answer that took longer than any may: made up.
constexpr std::uint32_t kMostTcpInWindow = 2'400;
constexpr Duration kLongest = std::chrono::minutes(1);

struct ReportedTcp {
  TcpEdge edge;
  ControllerTime start;
  TcpSum sum;
};

absl::StatusOr<TcpEdge> DecodeEdge(const NodeName& reporter, const v1::TcpWindow& message) {
  FAULTLINE_RETURN_IF_ERROR(CheckName(message.peer(), "name of the peer"));
  if (message.family() != v1::FAMILY_IPV4 && message.family() != v1::FAMILY_IPV6) {
    return absl::InvalidArgumentError(absl::StrCat("IP version ", static_cast<int>(message.family()), " is not known"));
  }
  if (message.port() < 1 || message.port() > 65535) {
    return absl::InvalidArgumentError(absl::StrCat("port ", message.port(), " is not within 1..65535"));
  }
  return TcpEdge{.from = reporter,
                 .to = NodeName(message.peer()),
                 .port = static_cast<std::uint16_t>(message.port()),
                 .family = message.family() == v1::FAMILY_IPV4 ? Family::kIpv4 : Family::kIpv6};
}

absl::StatusOr<ReportedTcp> DecodeWindow(const NodeName& reporter, const v1::TcpWindow& message, Duration width) {
  ReportedTcp window;
  FAULTLINE_ASSIGN_OR_RETURN(window.edge, DecodeEdge(reporter, message));
  FAULTLINE_ASSIGN_OR_RETURN(const Duration start, DecodeDuration(message.start()));
  if (start % width != Duration(0)) return absl::InvalidArgumentError("its start is no multiple of the width");
  for (const std::uint32_t count :
       {message.connected(), message.refused(), message.timed_out(), message.unreachable()}) {
    if (count > kMostTcpInWindow) return absl::InvalidArgumentError("it has more attempts than a window can");
  }
  window.start = ControllerTime(start);
  window.sum = {.connected = message.connected(),
                .refused = message.refused(),
                .timed_out = message.timed_out(),
                .unreachable = message.unreachable()};
  if (!message.has_sum_time()) return window;
  FAULTLINE_ASSIGN_OR_RETURN(window.sum.sum_time, DecodeDuration(message.sum_time()));
  if (window.sum.sum_time < Duration(0) || window.sum.sum_time > kLongest) {
    return absl::InvalidArgumentError("its attempts took longer than any can");
  }
  return window;
}

}  // namespace

void TcpSum::Add(const TcpSum& more) {
  connected += more.connected;
  refused += more.refused;
  timed_out += more.timed_out;
  unreachable += more.unreachable;
  sum_time += more.sum_time;
}

absl::Status TcpLog::Add(const NodeName& reporter, const v1::Observation& observation) {
  std::vector<ReportedTcp> windows;
  for (const v1::TcpWindow& message : observation.tcp_windows()) {
    absl::StatusOr<ReportedTcp> window = DecodeWindow(reporter, message, window_);
    if (!window.ok()) {
      return WithContext(window.status(), absl::StrCat("TCP window ", windows.size(), " of ", reporter.text()));
    }
    windows.push_back(*std::move(window));
  }
  const std::lock_guard lock(mutex_);
  for (const ReportedTcp& window : windows) {
    // What could not be begun tells nothing.
    if (window.sum.Attempts() == 0 || (edges_.size() >= kMostEdges && !edges_.contains(window.edge))) continue;
    std::map<ControllerTime, TcpSum>& of_edge = edges_[window.edge];
    of_edge[window.start].Add(window.sum);
    if (of_edge.size() > kMostWindows) of_edge.erase(of_edge.begin());
  }
  return absl::OkStatus();
}

void TcpLog::Trim(ControllerTime before) {
  const std::lock_guard lock(mutex_);
  for (auto edge = edges_.begin(); edge != edges_.end();) {
    edge->second.erase(edge->second.begin(), edge->second.lower_bound(before));
    edge = edge->second.empty() ? edges_.erase(edge) : std::next(edge);
  }
}

std::vector<TcpLog::Window> TcpLog::Windows(const TcpEdge& edge, ControllerTime start, ControllerTime end) const {
  const std::lock_guard lock(mutex_);
  std::vector<Window> windows;
  const auto found = edges_.find(edge);
  if (found == edges_.end()) return windows;
  for (auto window = found->second.lower_bound(start); window != found->second.end() && window->first + window_ <= end;
       ++window) {
    windows.push_back({window->first, window->second});
  }
  return windows;
}

}  // namespace faultline
