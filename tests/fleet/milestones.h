#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <mutex>

#include "common/clock.h"

namespace faultline::testing {

// What an agent of a fleet comes by, on its way through a session and a run.
enum class Milestone { kWelcomed, kArmed, kFired, kReleased, kLost };

// How many agents have passed each milestone, and when the last one did. Thread-safe.
class Milestones {
 public:
  void Pass(Milestone milestone, MonotonicTime at) {
    const std::lock_guard lock(mutex_);
    Passed& passed = Of(milestone);
    ++passed.count;
    if (at > passed.last) passed.last = at;
    changed_.notify_all();
  }
  // False when fewer have after `patience`.
  bool Await(Milestone milestone, std::size_t count, Duration patience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return Of(milestone).count >= count; });
  }
  std::size_t count(Milestone milestone) {
    const std::lock_guard lock(mutex_);
    return Of(milestone).count;
  }
  MonotonicTime last(Milestone milestone) {
    const std::lock_guard lock(mutex_);
    return Of(milestone).last;
  }

 private:
  struct Passed {
    std::size_t count = 0;
    MonotonicTime last;
  };
  Passed& Of(Milestone milestone) { return passed_[static_cast<std::size_t>(milestone)]; }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::array<Passed, 5> passed_;
};

}  // namespace faultline::testing
