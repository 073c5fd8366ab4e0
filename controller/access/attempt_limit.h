#pragma once

#include <deque>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "common/clock.h"

namespace faultline {

// Counts what failed within the last minute, by who tried, so that nobody may try for ever. Not thread-safe.
class AttemptLimit {
 public:
  static constexpr Duration kWindow = std::chrono::minutes(1);
  static constexpr std::size_t kMostOfOne = 10;
  static constexpr std::size_t kMostOfAll = 100;

  // Who tries from an address, as gRPC writes it ("ipv4:198.18.0.2", "ipv6:[2001:db8::1]"): of IPv6 the /64, as one
  // host has all of that.
  static std::string OriginOf(const std::string& address);

  // RESOURCE_EXHAUSTED when `who`, or all together, have failed too often lately.
  absl::Status Check(const std::string& who, MonotonicTime now);
  void Failed(const std::string& who, MonotonicTime now);

 private:
  // The oldest first, kMostOfAll at most.
  std::deque<std::pair<MonotonicTime, std::string>> failed_;
};

}  // namespace faultline
