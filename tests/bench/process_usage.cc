#include "tests/bench/process_usage.h"

#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
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
    usage.wakeups += (*numbers)[2];
  }
  if (error) return absl::NotFoundError(absl::StrCat(process, "/task: ", error.message()));
  clockid_t clock = 0;
  timespec used{};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0) {
    return absl::NotFoundError(absl::StrCat(process, " has no clock"));
  }
  usage.processor = std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<std::int64_t> pages, NumbersIn(process + "/statm", 2));
  usage.resident_bytes = pages[1] * sysconf(_SC_PAGESIZE);
  FAULTLINE_ASSIGN_OR_RETURN(const std::string status, ReadFile(process + "/status"));
  for (absl::string_view line : absl::StrSplit(status, '\n')) {
    if (!absl::ConsumePrefix(&line, "VmHWM:") || !absl::ConsumeSuffix(&line, " kB")) continue;
    std::int64_t kilobytes = 0;
    if (absl::SimpleAtoi(line, &kilobytes)) usage.most_resident_bytes = kilobytes * 1024;
  }
  return usage;
}

absl::StatusOr<InterfaceBytes> BytesOf(pid_t pid, absl::string_view interface) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string table, ReadFile(absl::StrCat("/proc/", pid, "/net/dev")));
  for (absl::string_view line : absl::StrSplit(table, '\n')) {
    line = absl::StripLeadingAsciiWhitespace(line);
    if (!absl::ConsumePrefix(&line, absl::StrCat(interface, ":"))) continue;
    const std::vector<absl::string_view> counts = absl::StrSplit(line, ' ', absl::SkipEmpty());
    InterfaceBytes bytes;
    // Received: bytes, packets and six others; sent: the same.
    if (counts.size() > 8 && absl::SimpleAtoi(counts[0], &bytes.received) && absl::SimpleAtoi(counts[8], &bytes.sent)) {
      return bytes;
    }
  }
  return absl::NotFoundError(absl::StrCat("process ", pid, " has no interface ", interface));
}

}  // namespace faultline::bench
