#pragma once

#include <atomic>

#include "common/clock.h"

namespace faultline {

// A clock that stands still until a test moves it. Both its hands move together: at the start Now()
// is 1000 s and WallNow() is 2024-01-01 00:00:00 UTC. Thread-safe; moving it wakes nobody.
class FakeClock : public Clock {
 public:
  MonotonicTime Now() const override { return kStart + Duration(elapsed_.fetch_add(reading_takes_.load())); }
  WallTime WallNow() const override { return kWallStart + Elapsed(); }

  void Advance(Duration by) { elapsed_.fetch_add(by.count()); }
  // Each Now() moves it by as much from now on: for what measures how long its own work takes.
  void MoveWithEachReading(Duration by) { reading_takes_.store(by.count()); }
  // Backwards too: a monotonic clock never does that, a test's set-up may.
  void Set(MonotonicTime now) { elapsed_.store((now - kStart).count()); }
  // How far it has been moved since the start.
  Duration Elapsed() const { return Duration(elapsed_.load()); }

  static constexpr MonotonicTime kStart{std::chrono::seconds(1000)};
  static constexpr WallTime kWallStart{std::chrono::seconds(1704067200)};

 private:
  mutable std::atomic<Duration::rep> elapsed_{0};
  std::atomic<Duration::rep> reading_takes_{0};
};

}  // namespace faultline
