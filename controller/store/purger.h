#pragma once

#include "common/clock.h"
#include "controller/store/event_store.h"
#include "controller/store/run_store.h"

namespace faultline {

// Forgets runs and events that need not be kept any more, at its first Advance and every kInterval from then on. Not
// thread-safe.
class Purger {
 public:
  static constexpr Duration kInterval = std::chrono::minutes(10);

  // All must outlive it.
  Purger(const Clock& clock, RunStore& runs, EventStore& events, Retention retention)
      : clock_(clock), runs_(runs), events_(events), retention_(retention), next_(clock.Now()) {}

  // Does what is due; returns when it is to be called next at the latest.
  MonotonicTime Advance() {
    if (clock_.Now() < next_) return next_;
    // What could not be forgotten now will be the next time.
    runs_.Purge(retention_, clock_.WallNow()).status().IgnoreError();
    events_.Purge(retention_.keep_for, clock_.WallNow()).status().IgnoreError();
    return next_ = clock_.Now() + kInterval;
  }

 private:
  const Clock& clock_;
  RunStore& runs_;
  EventStore& events_;
  const Retention retention_;
  MonotonicTime next_;
};

}  // namespace faultline
