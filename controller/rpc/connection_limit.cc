#include "controller/rpc/connection_limit.h"

#include <sys/resource.h>

#include <algorithm>

namespace faultline {
namespace {

constexpr std::size_t kLeastCrowd = 1024;

}  // namespace

ConnectionLimits ConnectionLimits::ForThisProcess() {
  ConnectionLimits limits;
  rlimit descriptors{};
  if (getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return limits;
  limits.open_of_all = std::min<std::size_t>(limits.open_of_all, descriptors.rlim_cur / 4 * 3);
  limits.open_of_one = limits.open_of_all / 2;
  return limits;
}

ConnectionLimit::ConnectionLimit(const ConnectionLimits& limits)
    : limits_(limits), all_(limits.burst_of_all, limits.per_second_of_all), crowd_(kLeastCrowd) {}

bool ConnectionLimit::Ready(MonotonicTime now) {
  if (!ready_) ready_ = all_.Take(1, now);
  return ready_;
}

bool ConnectionLimit::Admit(const std::string& source, MonotonicTime now) {
  if (sources_.size() >= crowd_) {
    absl::erase_if(sources_, [now](const auto& entry) { return entry.second.Full(now); });
    crowd_ = std::max(kLeastCrowd, 2 * sources_.size());
  }
  TokenBucket& bucket = sources_.try_emplace(source, limits_.burst_of_one, limits_.per_second_of_one).first->second;
  if (!bucket.Take(1, now)) return false;
  ready_ = false;
  return true;
}

}  // namespace faultline
