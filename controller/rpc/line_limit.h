#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/token_bucket.h"

namespace faultline {

// Which of many lines of a kind are written, so that nobody fills a log by being refused again and again. Any thread.
class LineLimit {
 public:
  // `burst` at once, and in the long run one in so many seconds.
  LineLimit(std::uint64_t burst, std::uint64_t seconds) : seconds_(seconds), lines_(burst * seconds, 1) {}

  // What is to be added to the line: nothing, or how many before it were not written. Absent: it is not written either.
  std::optional<std::string> Take() {
    const std::lock_guard lock(mutex_);
    if (!lines_.Take(seconds_, clock_.Now())) {
      ++unwritten_;
      return std::nullopt;
    }
    const std::uint64_t unwritten = std::exchange(unwritten_, 0);
    return unwritten == 0 ? "" : absl::StrCat("; ", unwritten, " before it are not here");
  }

 private:
  const SystemClock clock_{};
  const std::uint64_t seconds_;
  std::mutex mutex_;
  TokenBucket lines_;
  std::uint64_t unwritten_ = 0;
};

}  // namespace faultline
