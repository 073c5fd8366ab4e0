#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/capability.h"
#include "common/clock.h"
#include "common/examination.h"

namespace faultline {

// By what this node tells the time. A value.
struct ClockFacts {
  // As adjtimex(2) tells it.
  struct Discipline {
    // Something keeps the clock right.
    bool synchronised = false;
    // How far it may be off at most, as that something says.
    Duration most_error{0};
  };
  // Absent when it may not be asked.
  std::optional<Discipline> discipline;
  // "tsc", "kvm-clock"; empty when not known.
  std::string source;
  // Hardware clocks that can be asked (PTP).
  std::vector<std::string> ptp;
  // chronyd runs.
  bool chrony = false;
  Platform platform;
};

ClockFacts ReadClockFacts(Platform platform);

// "clock-source"; "clock", where it is known. Pure.
Examination JudgeClock(const ClockFacts& facts);

}  // namespace faultline
