#pragma once

#include "common/clock.h"
#include "controller/store/event_store.h"
#include "controller/store/run_store.h"

namespace faultline {

// Forgets runs and events that need not be kept any more, at its first Advance and every kInterval from then on: so few
// at once, with a pause between, that years of them hold up nothing else that the store is needed for. Not thread-safe.
class Purger {
 public:
  static constexpr Duration kInterval = std::chrono::minutes(10);
  static constexpr Duration kPause = std::chrono::milliseconds(100);
  // A run may have megabytes.
  static constexpr int kMostRuns = 20;
  static constexpr int kMostEvents = 2000;

  // All must outlive it.
  Purger(const Clock& clock, RunStore& runs, EventStore& events, Retention retention)
      : clock_(clock), runs_(runs), events_(events), retention_(retention), next_(clock.Now()) {}

  // Does what is due; returns when it is to be called next at the latest.
  MonotonicTime Advance() {
    if (clock_.Now() < next_) return next_;
    const WallTime now = clock_.WallNow();
    // What could not be forgotten now will be the next time.
    const int runs = runs_.Purge(retention_, now, kMostRuns).value_or(0);
    const int events = events_.Purge(retention_.keep_for, now, kMostEvents).value_or(0);
    return next_ = clock_.Now() + (runs == kMostRuns || events == kMostEvents ? kPause : kInterval);
  }

 private:
  const Clock& clock_;
  RunStore& runs_;
  EventStore& events_;
  const Retention retention_;
  MonotonicTime next_;
};

}  // namespace faultline
