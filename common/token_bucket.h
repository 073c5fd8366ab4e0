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
    const double passed = since_ == MonotonicTime() ? 0 : std::chrono::duration<double>(now - since_).count();
    since_ = now;
    level_ = std::min(capacity_, level_ + passed * per_second_);
    if (static_cast<double>(count) > level_) return false;
    level_ -= static_cast<double>(count);
    return true;
  }

 private:
  double capacity_;
  double per_second_;
  double level_;
  MonotonicTime since_;
};

}  // namespace faultline
