#include "controller/access/attempt_limit.h"

#include <algorithm>

namespace faultline {

absl::Status AttemptLimit::Check(const std::string& who, MonotonicTime now) {
  while (!failed_.empty() && now - failed_.front().first >= kWindow) failed_.pop_front();
  const auto of_one = static_cast<std::size_t>(
      std::count_if(failed_.begin(), failed_.end(), [&](const auto& attempt) { return attempt.second == who; }));
  if (of_one < kMostOfOne && failed_.size() < kMostOfAll) return absl::OkStatus();
  return absl::ResourceExhaustedError("too many attempts to enrol have failed within a minute; try again in another");
}

void AttemptLimit::Failed(const std::string& who, MonotonicTime now) {
  if (failed_.size() < kMostOfAll) failed_.emplace_back(now, who);
}

}  // namespace faultline
