#pragma once

#include <cstdint>
#include <vector>

#include "common/clock.h"
#include "common/field_error.h"

namespace faultline {

// A fault that comes and goes: on for `down`, off for `up`, and so on until its step ends; it begins with `down`. With
// jitter each change but the first comes up to that much early or late, by the run's seed: the same on every node, and
// the same again with the same seed.
struct Flap {
  Duration down{0};
  Duration up{0};
  Duration jitter{0};

  friend bool operator==(const Flap&, const Flap&) = default;
};

inline constexpr Duration kShortestPhase = std::chrono::milliseconds(100);
inline constexpr Duration kLongestPhase = std::chrono::hours(10'000);

// All that is wrong: a phase that may be shorter than kShortestPhase, or one longer than kLongestPhase.
std::vector<FieldError> CheckFlap(const Flap& flap);

// One phase of a flap, since its step began.
struct FlapPhase {
  bool down = true;
  Duration start{0};
  Duration end{0};

  friend bool operator==(const FlapPhase&, const FlapPhase&) = default;
};

// The phase in which `elapsed` lies. `seed`: of the run and the step. In constant time. REQUIRES: CheckFlap is empty,
// elapsed >= 0.
FlapPhase FlapPhaseAt(const Flap& flap, std::uint64_t seed, Duration elapsed);

// How long of [start, end) the fault is on; of more than 10 000 cycles as if they had no jitter. REQUIRES: CheckFlap is
// empty, 0 <= start <= end.
Duration FlapDownTime(const Flap& flap, std::uint64_t seed, Duration start, Duration end);

}  // namespace faultline
