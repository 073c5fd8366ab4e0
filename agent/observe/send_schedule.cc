#include "agent/observe/send_schedule.h"

#include <cmath>

namespace faultline {
namespace {

constexpr double kGoldenRatio = 1.6180339887498949;

}  // namespace

// Multiples of the golden ratio, less their whole parts, keep the farthest apart whatever their number.
double PhaseOf(std::uint32_t self_id) {
  double whole = 0;
  return std::modf(self_id * kGoldenRatio, &whole);
}

SendSchedule::SendSchedule(std::uint32_t self_id, std::size_t targets, Duration interval)
    : targets_(targets),
      slot_(interval / static_cast<Duration::rep>(targets)),
      phase_(static_cast<Duration::rep>(PhaseOf(self_id) * static_cast<double>(interval.count()))) {}

std::optional<std::size_t> SendSchedule::TakeDue(ControllerTime now) {
  const std::int64_t slot = SlotAt(now);
  if (slot == last_slot_) return std::nullopt;
  last_slot_ = slot;
  const auto targets = static_cast<std::int64_t>(targets_);
  return static_cast<std::size_t>(((slot % targets) + targets) % targets);
}

Duration SendSchedule::UntilNext(ControllerTime now) const {
  return (SlotAt(now) + 1) * slot_ + phase_ - now.time_since_epoch();
}

std::int64_t SendSchedule::SlotAt(ControllerTime now) const {
  const Duration since = now.time_since_epoch() - phase_;
  const std::int64_t slot = since / slot_;
  return since % slot_ < Duration(0) ? slot - 1 : slot;
}

}  // namespace faultline
