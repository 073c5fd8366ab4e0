#include "agent/session/clock_map.h"

#include <algorithm>

namespace faultline {
namespace {

constexpr std::size_t kSamplesKept = 16;
// So long a lucky sample may hide the clocks' drift: at 50 ppm that is 0.8 ms.
constexpr Duration kLongestKept = std::chrono::seconds(16);

}  // namespace

void ClockMap::Add(MonotonicTime sent, ControllerTime received, ControllerTime answered, MonotonicTime arrived) {
  const Duration there = answered - received;
  const Duration round_trip = (arrived - sent) - there;
  if (arrived < sent || there < Duration(0) || round_trip < Duration(0)) return;
  const Duration outward = received.time_since_epoch() - sent.time_since_epoch();
  const Duration inward = answered.time_since_epoch() - arrived.time_since_epoch();
  const std::lock_guard lock(mutex_);
  samples_.push_back({.arrived = arrived, .round_trip = round_trip, .offset = inward + (outward - inward) / 2});
  while (samples_.size() > kSamplesKept || samples_.front().arrived + kLongestKept < arrived) samples_.pop_front();
  best_ = *std::ranges::min_element(samples_, {}, &Sample::round_trip);
}

void ClockMap::Reset() {
  const std::lock_guard lock(mutex_);
  samples_.clear();
  best_.reset();
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
  return best_;
}

}  // namespace faultline
