#include "agent/timeline/real_time.h"

#include <sched.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
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

// OK where it is not known what the kernel was built with.
absl::Status CheckOthers(pid_t agent) {
  utsname names{};
  uname(&names);
  const std::string config = ReadFile(absl::StrCat("/boot/config-", names.release)).value_or("");
  if (!WouldDenyOthers(config, ReadFile(absl::StrCat("/proc/", agent, "/cgroup")).value_or(""))) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("process ", agent,
                   " stays as it is: with a real-time thread in its control group this kernel "
                   "(RT_GROUP_SCHED) would not let other services have limits of processor time"));
}

}  // namespace

bool WouldDenyOthers(absl::string_view config, absl::string_view groups) {
  const std::vector<absl::string_view> options = absl::StrSplit(config, '\n');
  if (std::ranges::find(options, "CONFIG_RT_GROUP_SCHED=y") == options.end()) return false;
  bool grouped = false;
  for (const absl::string_view line : absl::StrSplit(groups, '\n')) {
    const std::vector<absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (parts.size() != 3) continue;
    // Of cgroup v1, which refuses by itself.
    const std::vector<absl::string_view> controllers = absl::StrSplit(parts[1], ',');
    if (std::ranges::find(controllers, "cpu") != controllers.end()) return false;
    if (parts[0] == "0" && parts[2] != "/") grouped = true;
  }
  return grouped;
}

absl::Status MakeRealTime(pid_t agent) {
  FAULTLINE_ASSIGN_OR_RETURN(const pid_t thread, FindThread(agent));
  FAULTLINE_RETURN_IF_ERROR(CheckOthers(agent));
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
