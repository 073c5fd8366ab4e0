#include "agent/session/clock_map.h"

#include <algorithm>

namespace faultline {
namespace {

// With one exchange a second this is how long a lucky sample may hide the clocks' drift: 16 s at 50 ppm are 0.8 ms.
constexpr std::size_t kSamplesKept = 16;

}  // namespace

void ClockMap::Add(MonotonicTime sent, ControllerTime received, ControllerTime answered, MonotonicTime arrived) {
  const Duration there = answered - received;
  const Duration round_trip = (arrived - sent) - there;
  if (arrived < sent || there < Duration(0) || round_trip < Duration(0)) return;
  const Duration outward = received.time_since_epoch() - sent.time_since_epoch();
  const Duration inward = answered.time_since_epoch() - arrived.time_since_epoch();
  const std::lock_guard lock(mutex_);
  samples_.push_back({.round_trip = round_trip, .offset = inward + (outward - inward) / 2});
  if (samples_.size() > kSamplesKept) samples_.pop_front();
}

void ClockMap::Reset() {
  const std::lock_guard lock(mutex_);
  samples_.clear();
}

std::optional<MonotonicTime> ClockMap::ToLocal(ControllerTime time) const {
  const std::optional<Sample> best = Best();
  if (!best) return std::nullopt;
  return MonotonicTime(time.time_since_epoch() - best->offset);
}

std::optional<ControllerTime> ClockMap::ToController(MonotonicTime time) const {
  const std::optional<Sample> best = Best();
  if (!best) return std::nullopt;
  return ControllerTime(time.time_since_epoch() + best->offset);
}

std::optional<Duration> ClockMap::RoundTrip() const {
  const std::optional<Sample> best = Best();
  if (!best) return std::nullopt;
  return best->round_trip;
}

std::optional<ClockMap::Sample> ClockMap::Best() const {
  const std::lock_guard lock(mutex_);
  const auto least = std::min_element(samples_.begin(), samples_.end(),
                                      [](const Sample& a, const Sample& b) { return a.round_trip < b.round_trip; });
  if (least == samples_.end()) return std::nullopt;
  return *least;
}

}  // namespace faultline
