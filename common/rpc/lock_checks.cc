#include "common/rpc/lock_checks.h"

#include "absl/synchronization/mutex.h"

namespace faultline {

void LeaveOutLockChecks() { absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore); }

}  // namespace faultline
