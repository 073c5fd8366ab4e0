#include "controller/report/edge_history.h"

#include <algorithm>

#include "common/timeline_codec.h"
#include "controller/report/verdict.h"

namespace faultline {
namespace {

constexpr auto kKept = static_cast<std::int64_t>(EdgeHistory::kSeconds);
constexpr std::int64_t kWindow = std::chrono::duration_cast<std::chrono::seconds>(kLiveWindow).count();

std::size_t PlaceOf(std::int64_t second) { return static_cast<std::size_t>(second % kKept); }

EdgeHistory::Second SecondOf(const EdgeSight& sight) {
  EdgeHistory::Second second;
  if (sight.lost) second.lost = static_cast<float>(*sight.lost);
  if (sight.delay) second.delay = std::chrono::duration<float>(*sight.delay).count();
  return second;
}

}  // namespace

EdgeKey KeyOf(const v1::EdgeVerdict& edge) { return {edge.from(), edge.to(), edge.family()}; }

EdgeSight SightOf(const v1::EdgeVerdict& edge) {
  EdgeSight sight;
  // Of a receiver that does not report nothing is known, whatever was sent.
  if (edge.sent() > 0 && edge.observed() != v1::REACH_UNSPECIFIED) {
    sight.lost = 1 - std::min(1.0, static_cast<double>(edge.received()) / edge.sent());
  }
  sight.added = edge.has_observed_delay();
  const bool known = edge.received() > 0 && (sight.added || edge.has_mean_delay());
  const absl::StatusOr<Duration> delay = DecodeDuration(sight.added ? edge.observed_delay() : edge.mean_delay());
  if (known && delay.ok()) sight.delay = *delay;
  return sight;
}

void EdgeHistory::Add(const v1::StageVerdict& matrix, MonotonicTime now) {
  const std::int64_t second = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  const std::int64_t first = any_ ? std::clamp(now_ + 1, second - kWindow + 1, second) : second;
  now_ = second;
  any_ = true;
  for (const v1::EdgeVerdict& edge : matrix.edges()) {
    Ring& ring = edges_[KeyOf(edge)];
    const std::int64_t stale = std::max(ring.last + 1, second - kKept + 1);
    for (std::int64_t i = stale; i < first; ++i) ring.seconds[PlaceOf(i)] = {};
    const Second seen = SecondOf(SightOf(edge));
    for (std::int64_t i = first; i <= second; ++i) ring.seconds[PlaceOf(i)] = seen;
    ring.last = second;
  }
  std::erase_if(edges_, [&](const auto& entry) { return entry.second.last <= second - kKept; });
}

EdgeHistory::Minute EdgeHistory::Of(const EdgeKey& edge) const {
  Minute minute(kSeconds);
  const auto found = edges_.find(edge);
  if (found == edges_.end()) return minute;
  for (std::int64_t i = 0; i < kKept; ++i) {
    const std::int64_t second = now_ - kKept + 1 + i;
    if (second >= 0 && second <= found->second.last) {
      minute[static_cast<std::size_t>(i)] = found->second.seconds[PlaceOf(second)];
    }
  }
  return minute;
}

}  // namespace faultline
