#pragma once

#include <cstdint>
#include <random>

#include "common/clock.h"

namespace faultline {

// Pauses between tries that double, each drawn from between its half and itself: who lost the same server at the same
// moment comes back spread over time, and more so with every try. Not thread-safe.
class Backoff {
 public:
  // `first`: the first pause, before the drawing; > 0. Different seeds draw differently.
  Backoff(Duration first, std::uint64_t seed) : first_(first), next_(first), random_(seed) {}

  // The next pause: at most `longest`, and never less than half of what it would be undrawn.
  Duration Next(Duration longest);
  // What is tried has gone well.
  void Reset() { next_ = first_; }

 private:
  const Duration first_;
  Duration next_;
  std::mt19937_64 random_;
};

}  // namespace faultline
