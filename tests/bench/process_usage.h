#pragma once

#include <sys/types.h>

#include <cstdint>

#include "absl/status/statusor.h"
#include "common/clock.h"

namespace faultline::bench {

// What a process has used. A value.
struct ProcessUsage {
  // Of the threads it has now, in user and kernel mode.
  Duration processor{0};
  // How often any of them was put on a processor.
  std::int64_t wakeups = 0;
  // In memory now.
  std::int64_t resident_bytes = 0;
};

// As proc(5) has it. NOT_FOUND when there is no such process.
absl::StatusOr<ProcessUsage> UsageOf(pid_t pid);

}  // namespace faultline::bench
