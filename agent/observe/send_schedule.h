#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "common/clock.h"

namespace faultline {

// How far into an interval a node's own moments lie, 0 .. 1; nodes' parts are far from each other.
double PhaseOf(std::uint32_t self_id);

// When which target is probed: one target a slot, slots of interval / targets, in turn. Slots lie on the controller's
// clock at a phase that differs from node to node, so that nodes neither burst nor probe together. Slots missed
// are not made up for. Pure; not thread-safe.
class SendSchedule {
 public:
  // REQUIRES: targets > 0, interval >= targets nanoseconds.
  SendSchedule(std::uint32_t self_id, std::size_t targets, Duration interval);

  // The target whose slot it is; none when the slot was taken before.
  std::optional<std::size_t> TakeDue(ControllerTime now);

  // From `now` to the next slot; > 0.
  Duration UntilNext(ControllerTime now) const;

 private:
  std::int64_t SlotAt(ControllerTime now) const;

  const std::size_t targets_;
  const Duration slot_;
  const Duration phase_;
  // Number of the last slot taken.
  std::optional<std::int64_t> last_slot_;
};

}  // namespace faultline
