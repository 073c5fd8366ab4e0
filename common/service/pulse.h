#pragma once

#include <functional>
#include <utility>

#include "common/clock.h"

namespace faultline {

// What a thread does to show that it turns. Each time that it comes by it calls Advance, which beats twice within every
// interval; a thread that stands still, or waits for somebody who does, does not come by, and nobody beats in its
// stead. It belongs to that thread alone.
class Pulse {
 public:
  // Of a thread that need not show anything.
  Pulse() = default;
  // `beat` must not block. `interval` is within what time somebody wants to hear a beat, such as WatchdogInterval.
  Pulse(Duration interval, std::function<void()> beat)
      : pause_(interval / 2), next_(MonotonicTime::min()), beat_(std::move(beat)) {}

  // By when the thread has to come by again.
  MonotonicTime next() const { return next_; }

  // The thread came by.
  void Advance(MonotonicTime now) {
    if (now < next_) return;
    beat_();
    next_ = now + pause_;
  }

 private:
  Duration pause_{0};
  MonotonicTime next_ = MonotonicTime::max();
  std::function<void()> beat_;
};

}  // namespace faultline
