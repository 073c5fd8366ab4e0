#include "agent/session/observation_buffer.h"

#include <algorithm>
#include <utility>

namespace faultline {
namespace {

constexpr std::size_t kWindowsPerMarks = 5;

std::size_t WindowsIn(const v1::Observation& observation) {
  return static_cast<std::size_t>(observation.windows_size() + observation.tcp_windows_size());
}

}  // namespace

void ObservationBuffer::Add(v1::Observation observation) {
  const std::lock_guard lock(mutex_);
  observation.set_number(++last_);
  size_ += SizeOf(observation);
  observations_.push_back(std::move(observation));
  while (size_ > kMostWindows) {
    lost_ += WindowsIn(observations_.front());
    DropFirst();
  }
}

bool ObservationBuffer::ReadNext(std::uint64_t& cursor, std::uint64_t lost_before, v1::Observation& observation) const {
  const std::lock_guard lock(mutex_);
  const auto next = std::ranges::upper_bound(observations_, cursor, {}, &v1::Observation::number);
  if (next == observations_.end()) return false;
  observation = *next;
  observation.set_dropped(lost_before + lost_);
  cursor = observation.number();
  return true;
}

void ObservationBuffer::Forget(std::uint64_t taken) {
  const std::lock_guard lock(mutex_);
  while (!observations_.empty() && observations_.front().number() <= taken) DropFirst();
}

void ObservationBuffer::Clear() {
  const std::lock_guard lock(mutex_);
  observations_.clear();
  size_ = 0;
}

// One without windows takes room too; marks of a burst take as much as a handful.
std::size_t ObservationBuffer::SizeOf(const v1::Observation& observation) {
  return WindowsIn(observation) + kWindowsPerMarks * static_cast<std::size_t>(observation.bursts_size()) + 1;
}

void ObservationBuffer::DropFirst() {
  size_ -= SizeOf(observations_.front());
  observations_.pop_front();
}

}  // namespace faultline
