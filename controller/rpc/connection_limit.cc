#include "controller/rpc/connection_limit.h"

#include <sys/resource.h>

#include <algorithm>

namespace faultline {
namespace {

constexpr std::size_t kLeastCrowd = 1024;

void SetRate(const std::optional<std::uint64_t>& wanted, std::uint64_t& per_second, std::uint64_t& burst) {
  if (!wanted) return;
  per_second = *wanted;
  burst = std::max(burst, 5 * per_second);
}

}  // namespace

ConnectionLimits ConnectionLimits::ForThisProcess(const ConnectionSettings& settings) {
  ConnectionLimits limits;
  limits.open_of_all = settings.open.value_or(limits.open_of_all);
  rlimit descriptors{};
  if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0) {
    limits.open_of_all = std::min<std::size_t>(limits.open_of_all, descriptors.rlim_cur / 4 * 3);
  }
  limits.open_of_one = std::min(settings.open_of_one.value_or(limits.open_of_all / 2), limits.open_of_all);
  SetRate(settings.per_second, limits.per_second_of_all, limits.burst_of_all);
  SetRate(settings.per_second_of_one, limits.per_second_of_one, limits.burst_of_one);
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
