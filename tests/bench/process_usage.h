#pragma once

#include <sys/types.h>

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/clock.h"

namespace faultline::bench {

// What a process has used. A value.
struct ProcessUsage {
  // Of all threads it has or had, in user and kernel mode.
  Duration processor{0};
  // How often any of the threads it has now was put on a processor.
  std::int64_t wakeups = 0;
  // In memory now, and at most so far.
  std::int64_t resident_bytes = 0;
  std::int64_t most_resident_bytes = 0;
};

// As proc(5) has it. NOT_FOUND when there is no such process.
absl::StatusOr<ProcessUsage> UsageOf(pid_t pid);

// What has passed an interface of a process's network namespace, with all headers. A value.
struct InterfaceBytes {
  std::int64_t received = 0;
  std::int64_t sent = 0;
};

// NOT_FOUND when there is no such process or interface.
absl::StatusOr<InterfaceBytes> BytesOf(pid_t pid, absl::string_view interface);

}  // namespace faultline::bench
