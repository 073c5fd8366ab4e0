#pragma once

#include <array>
#include <cstdint>

#include "common/clock.h"

namespace faultline {

// How many of some events were how late. A value; not thread-safe.
class LatenessHistogram {
 public:
  static constexpr std::array<Duration, 16> kBounds = {
      std::chrono::microseconds(10),   std::chrono::microseconds(25),   std::chrono::microseconds(50),
      std::chrono::microseconds(100),  std::chrono::microseconds(250),  std::chrono::microseconds(500),
      std::chrono::microseconds(1000), std::chrono::microseconds(2500), std::chrono::milliseconds(5),
      std::chrono::milliseconds(10),   std::chrono::milliseconds(25),   std::chrono::milliseconds(50),
      std::chrono::milliseconds(100),  std::chrono::milliseconds(250),  std::chrono::milliseconds(500),
      std::chrono::seconds(1)};

  // REQUIRES: not negative.
  void Add(Duration lateness);

  // Of each bound, those at most as late as it and later than the bound before; at the end, those later than all.
  const std::array<std::uint64_t, kBounds.size() + 1>& counts() const { return counts_; }
  Duration sum() const { return sum_; }

  friend bool operator==(const LatenessHistogram&, const LatenessHistogram&) = default;

 private:
  std::array<std::uint64_t, kBounds.size() + 1> counts_{};
  Duration sum_{0};
};

// How late steps began and ended. A value; not thread-safe.
struct StepLateness {
  LatenessHistogram fired;
  LatenessHistogram healed;

  // A step began or ended, `actual` and `planned` after T0. One that came early, since its run was ended, is not
  // counted.
  void Add(bool is_fired, Duration planned, Duration actual);

  friend bool operator==(const StepLateness&, const StepLateness&) = default;
};

}  // namespace faultline
