#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>

#include "common/clock.h"

namespace faultline {

// Maps the controller's clock to this machine's, from exchanges of four timestamps (RFC 5905, section 8). Of the last
// few exchanges the one with the least round trip counts, since queueing only ever adds; the true offset then differs
// from the mapped one by at most half of that round trip. None counts that is 16 s older than the last one: clocks
// drift. Thread-safe; never blocks for long.
class ClockMap {
 public:
  // One exchange: sent here, received there, answered there, arrived here. Impossible ones (an answer that arrived
  // before it was asked for, or took longer there than in all) are passed over.
  void Add(MonotonicTime sent, ControllerTime received, ControllerTime answered, MonotonicTime arrived);

  // Forgets everything: another controller process has another clock.
  void Reset();

  // None before the first exchange.
  std::optional<MonotonicTime> ToLocal(ControllerTime time) const;
  std::optional<ControllerTime> ToController(MonotonicTime time) const;
  std::optional<Duration> RoundTrip() const;

 private:
  struct Sample {
    MonotonicTime arrived;
    Duration round_trip;
    // Controller clock minus ours.
    Duration offset;
  };
  std::optional<Sample> Best() const;

  mutable std::mutex mutex_;
  std::deque<Sample> samples_;
  // Of these the one that counts: it is asked for far more often than it changes.
  std::optional<Sample> best_;
};

}  // namespace faultline
