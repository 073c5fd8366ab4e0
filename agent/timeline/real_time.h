#pragma once

#include <sys/types.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace faultline {

// The thread of an agent that carries faults out, as /proc has it.
inline constexpr char kEngineThreadName[] = "engine";

// Puts that thread before all of this machine that is not real-time (SCHED_FIFO at its lowest priority), so that what
// is due at an instant is done then on a busy machine too. It is awake for well under a millisecond at a time, and what
// it starts does not inherit the priority. Nothing in an agent takes it: root, or who has CAP_SYS_NICE, gives it.
// NOT_FOUND when the process has no such thread, PERMISSION_DENIED, or another error that names the call.
absl::Status MakeRealTime(pid_t agent);

// Whether it is. Anybody may ask. NOT_FOUND as above.
absl::StatusOr<bool> IsRealTime(pid_t agent);

}  // namespace faultline
