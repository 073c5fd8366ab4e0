#pragma once

#include <sys/types.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace faultline {

// The thread of an agent that carries faults out, as /proc has it.
inline constexpr char kEngineThreadName[] = "engine";

// Puts that thread before all of this machine that is not real-time (SCHED_FIFO at its lowest priority), so that what
// is due at an instant is done then on a busy machine too. It is awake for well under a millisecond at a time, and what
// it starts does not inherit the priority. Nothing in an agent takes it: root, or who has CAP_SYS_NICE, gives it.
// NOT_FOUND when the process has no such thread, PERMISSION_DENIED, FAILED_PRECONDITION where it would harm others
// (WouldDenyOthers), or another error that names the call.
absl::Status MakeRealTime(pid_t agent);

// Whether it is. Anybody may ask. NOT_FOUND as above.
absl::StatusOr<bool> IsRealTime(pid_t agent);

// Whether a real-time thread in these control groups (the text of /proc/PID/cgroup) would keep other services from
// having limits of processor time: so it is of a kernel with RT_GROUP_SCHED (`config`: the text of what it was built
// with) in any group of cgroup v2 but the root (the kernel's documentation of cgroup v2, "CPU"). Pure.
bool WouldDenyOthers(absl::string_view config, absl::string_view groups);

}  // namespace faultline
