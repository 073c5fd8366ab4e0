#pragma once

#include <algorithm>

#include "common/clock.h"

namespace faultline {

// Until when something may take, by the monotonic clock of this host.
class Deadline {
 public:
  explicit Deadline(Duration timeout) : timeout_(timeout), begun_(SystemClock().Now()), end_(begun_ + timeout) {}
  Duration timeout() const { return timeout_; }
  Duration Elapsed() const { return SystemClock().Now() - begun_; }
  // Not negative.
  Duration Left() const { return std::max(end_ - SystemClock().Now(), Duration(0)); }
  bool passed() const { return Left() == Duration(0); }
  // For poll(): rounded up, so that it does not return too early.
  int LeftMilliseconds() const {
    return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(std::min<Duration>(Left(), kLongest)).count());
  }

 private:
  static constexpr Duration kLongest = std::chrono::hours(24);
  Duration timeout_;
  MonotonicTime begun_;
  MonotonicTime end_;
};

}  // namespace faultline
