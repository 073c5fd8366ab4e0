#include "agent/timeline/real_time.h"

#include <sched.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "common/status.h"

namespace faultline {
namespace {

absl::StatusOr<pid_t> FindThread(pid_t agent) {
  const std::string tasks = absl::StrCat("/proc/", agent, "/task");
  std::error_code ended;
  for (std::filesystem::directory_iterator task(tasks, ended), last; !ended && task != last; task.increment(ended)) {
    pid_t thread = 0;
    if (ReadFile(task->path() / "comm").value_or("") == absl::StrCat(kEngineThreadName, "\n") &&
        absl::SimpleAtoi(task->path().filename().string(), &thread)) {
      return thread;
    }
  }
  return absl::NotFoundError(absl::StrCat("process ", agent, " has no thread '", kEngineThreadName, "'"));
}

}  // namespace

absl::Status MakeRealTime(pid_t agent) {
  FAULTLINE_ASSIGN_OR_RETURN(const pid_t thread, FindThread(agent));
  const sched_param lowest{.sched_priority = sched_get_priority_min(SCHED_FIFO)};
  if (sched_setscheduler(thread, SCHED_FIFO | SCHED_RESET_ON_FORK, &lowest) == 0) return absl::OkStatus();
  return ErrnoError(errno, absl::StrCat("giving thread ", thread, " of process ", agent, " real-time priority"));
}

absl::StatusOr<bool> IsRealTime(pid_t agent) {
  FAULTLINE_ASSIGN_OR_RETURN(const pid_t thread, FindThread(agent));
  const int policy = sched_getscheduler(thread);
  if (policy < 0) return ErrnoError(errno, absl::StrCat("asking for the priority of thread ", thread));
  return (policy & ~SCHED_RESET_ON_FORK) == SCHED_FIFO;
}

}  // namespace faultline
