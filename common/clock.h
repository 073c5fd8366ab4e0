#pragma once

#include <chrono>
#include <ctime>

namespace faultline {

// The one unit of time everywhere.
using Duration = std::chrono::nanoseconds;

// A moment of this machine's CLOCK_MONOTONIC. Every instant the agent acts on is one.
struct MonotonicClock {
  using rep = Duration::rep;
  using period = Duration::period;
  using duration = Duration;
  using time_point = std::chrono::time_point<MonotonicClock, Duration>;
  static constexpr bool is_steady = true;
};
using MonotonicTime = MonotonicClock::time_point;

// A moment of the controller's CLOCK_MONOTONIC. On the controller the two clocks are one; on an agent only
// agent/session/clock_map.h can turn one into the other, so they cannot be mixed up.
struct ControllerClock {
  using rep = Duration::rep;
  using period = Duration::period;
  using duration = Duration;
  using time_point = std::chrono::time_point<ControllerClock, Duration>;
  static constexpr bool is_steady = true;
};
using ControllerTime = ControllerClock::time_point;

// A moment as calendars know it; for people and records, never for intervals.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

// The clocks of the machine. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual MonotonicTime Now() const = 0;
  virtual WallTime WallNow() const = 0;
};

// The real one: clock_gettime.
class SystemClock : public Clock {
 public:
  MonotonicTime Now() const override;
  WallTime WallNow() const override;
};

// CLOCK_MONOTONIC as the standard library spells it: libstdc++'s steady_clock reads it too, so condition variables
// can wait for it.
std::chrono::steady_clock::time_point ToSteady(MonotonicTime time);

// As system calls take a length of time.
timespec ToTimespec(Duration duration);

}  // namespace faultline
