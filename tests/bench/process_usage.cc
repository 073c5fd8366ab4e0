#include "tests/bench/process_usage.h"

#include <unistd.h>

#include <filesystem>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/file.h"
#include "common/status.h"

namespace faultline::bench {
namespace {

// The numbers in a file of /proc, as many as are wanted.
absl::StatusOr<std::vector<std::int64_t>> NumbersIn(const std::string& path, std::size_t wanted) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  std::vector<std::int64_t> numbers;
  for (const absl::string_view word : absl::StrSplit(text, absl::ByAnyChar(" \n"), absl::SkipEmpty())) {
    if (!absl::SimpleAtoi(word, &numbers.emplace_back(0))) break;
  }
  if (numbers.size() < wanted) return absl::InternalError(absl::StrCat(path, ": not what proc(5) says: ", text));
  return numbers;
}

}  // namespace

absl::StatusOr<ProcessUsage> UsageOf(pid_t pid) {
  const std::string process = absl::StrCat("/proc/", pid);
  ProcessUsage usage;
  std::error_code error;
  for (std::filesystem::directory_iterator task(process + "/task", error), end; !error && task != end;
       task.increment(error)) {
    // Time on a processor in ns, time waiting for one, how often on one (Documentation/scheduler/sched-stats.rst).
    const auto numbers = NumbersIn(task->path() / "schedstat", 3);
    if (absl::IsNotFound(numbers.status())) continue;  // It has ended meanwhile.
    FAULTLINE_RETURN_IF_ERROR(numbers.status());
    usage.processor += Duration((*numbers)[0]);
    usage.wakeups += (*numbers)[2];
  }
  if (error) return absl::NotFoundError(absl::StrCat(process, "/task: ", error.message()));
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<std::int64_t> pages, NumbersIn(process + "/statm", 2));
  usage.resident_bytes = pages[1] * sysconf(_SC_PAGESIZE);
  return usage;
}

}  // namespace faultline::bench
