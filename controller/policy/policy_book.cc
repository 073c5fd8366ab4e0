#include "controller/policy/policy_book.h"

#include "common/file.h"
#include "common/status.h"

namespace faultline {

absl::Status PolicyBook::Read() {
  if (path_.empty()) return absl::OkStatus();
  FAULTLINE_ASSIGN_OR_RETURN(const std::string text, ReadFile(path_));
  FAULTLINE_ASSIGN_OR_RETURN(Policy policy, ParsePolicy(text, path_));
  const std::lock_guard lock(mutex_);
  policy_ = std::move(policy);
  return absl::OkStatus();
}

Decision PolicyBook::Decide(const Principal& who, const PlanFacts& facts, WallTime now) const {
  const std::lock_guard lock(mutex_);
  // Until a policy that is asked for was read nobody may do anything.
  if (!policy_ && !path_.empty()) {
    return {.kind = Decision::Kind::kRefused, .reason = "refused: the policy was not read yet"};
  }
  return policy_ ? faultline::Decide(*policy_, who, facts, now) : Decision();
}

}  // namespace faultline
