#pragma once

#include <algorithm>
#include <cstdint>

#include "common/clock.h"

namespace faultline {

// How much may come: `capacity` at once, and `per_second` in the long run. Not thread-safe.
class TokenBucket {
 public:
  TokenBucket(std::uint64_t capacity, std::uint64_t per_second)
      : capacity_(static_cast<double>(capacity)), per_second_(static_cast<double>(per_second)), level_(capacity_) {}

  // Whether so many more may come now; if so they are counted. `now` must not go back.
  bool Take(std::uint64_t count, MonotonicTime now) {
    level_ = LevelAt(now);
    since_ = now;
    if (static_cast<double>(count) > level_) return false;
    level_ -= static_cast<double>(count);
    return true;
  }

  // Whether it is as if nothing had ever been taken.
  bool Full(MonotonicTime now) const { return LevelAt(now) >= capacity_; }

 private:
  double LevelAt(MonotonicTime now) const {
    const double passed = since_ == MonotonicTime() ? 0 : std::chrono::duration<double>(now - since_).count();
    return std::min(capacity_, level_ + passed * per_second_);
  }

  double capacity_;
  double per_second_;
  double level_;
  MonotonicTime since_;
};

}  // namespace faultline
