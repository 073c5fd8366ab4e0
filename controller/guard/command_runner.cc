#include "controller/guard/command_runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/document/document.h"
#include "common/duration.h"
#include "common/status.h"
#include "controller/guard/deadline.h"

namespace faultline {
namespace {

constexpr int kCouldNotStart = 127;
constexpr int kKilled = 128;
// How long a program may take to be gone after it was killed.
constexpr Duration kDeath = std::chrono::seconds(1);
constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::size_t kMostDetail = 200;
// Reads of a stream between two looks at the time; and after the program's end: all that a pipe can hold.
constexpr std::size_t kReads = 64;
constexpr std::size_t kLastReads = 256;

// One of the program's output streams, read by us.
class Stream {
 public:
  // False, with errno, when there are no descriptors left.
  bool Open() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    reader_ = UniqueFd(ends[0]);
    writer_ = UniqueFd(ends[1]);
    return fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0;
  }
  int writer() const { return writer_.get(); }
  // -1 when it has come to its end, so that poll() leaves it out.
  int reader() const { return reader_.get(); }
  void CloseWriter() { writer_ = UniqueFd(); }

  // Takes what is there without waiting, as far as `most` reads go: a program that never stops printing must not keep
  // us from looking at the time. Into `operations` unless that is null.
  void Drain(std::size_t most, OperationReader* operations, CommandResult& result) {
    std::array<char, 4096> buffer;
    for (std::size_t reads = 0; reader_ && reads < most; ++reads) {
      const ssize_t count = read(reader_.get(), buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return;
      if (count == 0) {
        reader_ = UniqueFd();
        return;
      }
      const absl::string_view came(buffer.data(), static_cast<std::size_t>(count));
      if (operations == nullptr) {
        Keep(came, result);
      } else {
        operations->Take(came);
      }
      if (came.size() < buffer.size()) return;
    }
  }

 private:
  void Keep(absl::string_view came, CommandResult& result) {
    const absl::string_view kept = came.substr(0, kMostOutput - kept_);
    result.output.append(kept.data(), kept.size());
    result.truncated = result.truncated || kept.size() < came.size();
    kept_ += kept.size();
  }

  UniqueFd reader_;
  UniqueFd writer_;
  std::size_t kept_ = 0;
};

std::vector<std::string> EnvironmentOf(const CommandContext& context) {
  const char* path = getenv("PATH");
  return {absl::StrCat("PATH=", path == nullptr ? kDefaultPath : path), absl::StrCat("FAULTLINE_RUN=", context.run),
          absl::StrCat("FAULTLINE_PLAN=", context.plan), absl::StrCat("FAULTLINE_STEP=", context.step),
          absl::StrCat("FAULTLINE_MOMENT=", context.moment)};
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// How posix_spawn is to set up the program.
class SpawnSetup {
 public:
  SpawnSetup(int output, int errors) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output, 1);
    posix_spawn_file_actions_adddup2(&actions_, errors, 2);
    posix_spawn_file_actions_addclosefrom_np(&actions_, 3);
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  // 0 or an errno.
  int Spawn(const CommandRequest& request, pid_t& child) {
    std::vector<std::string> arguments = request.command.arguments;
    std::vector<std::string> environment = EnvironmentOf(request.context);
    return posix_spawnp(&child, arguments.front().c_str(), &actions_, &attributes_, Pointers(arguments).data(),
                        Pointers(environment).data());
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

CommandResult CouldNotStart(const CommandRequest& request, int error) {
  CommandResult result;
  result.exit_code = kCouldNotStart;
  const std::string file = request.command.arguments.empty() ? "" : request.command.arguments.front();
  result.output = absl::StrCat("cannot start '", file, "': ", strerror(error));
  return result;
}

// The program's state once it is over, as waitpid has it. Waits a little for a program that was killed; an error when
// it is there all the same (we may not kill it), or is not our child (as when SIGCHLD is ignored).
absl::StatusOr<int> Reap(pid_t child, int process) {
  pollfd wait = {process, POLLIN, 0};
  const Deadline deadline(kDeath);
  while (poll(&wait, 1, deadline.LeftMilliseconds()) < 0 && errno == EINTR) {
  }
  int status = 0;
  const pid_t found = waitpid(child, &status, WNOHANG);
  if (found == child) return status;
  if (found < 0) return ErrnoError(errno, "its end is not known");
  return absl::DeadlineExceededError("it cannot be killed, and is left to itself");
}

int ExitCodeOf(int status) { return WIFSIGNALED(status) ? kKilled + WTERMSIG(status) : WEXITSTATUS(status); }

}  // namespace

CommandResult RunCommand(const CommandRequest& request, const StopSignal& stop) {
  if (request.command.arguments.empty()) return CouldNotStart(request, EINVAL);
  Stream output;
  Stream errors;
  if (!output.Open() || !errors.Open()) return CouldNotStart(request, errno);
  pid_t child = -1;
  const Deadline deadline(request.timeout);
  if (const int error = SpawnSetup(output.writer(), errors.writer()).Spawn(request, child); error != 0) {
    return CouldNotStart(request, error);
  }
  output.CloseWriter();
  errors.CloseWriter();
  // glibc has pidfd_open since 2.36, some C libraries of the same age have not.
  const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
  // It is over already, and waited for by nobody, as SIGCHLD is ignored.
  const bool gone = !process && errno == ESRCH;
  std::optional<OperationReader> operations;
  if (request.operations_from) operations.emplace(*request.operations_from);
  CommandResult result;
  const auto drain = [&](std::size_t most) {
    output.Drain(most, operations ? &*operations : nullptr, result);
    errors.Drain(most, nullptr, result);
  };
  while (true) {
    std::array<pollfd, 4> waits = {{{process.get(), POLLIN, 0},
                                    {output.reader(), POLLIN, 0},
                                    {errors.reader(), POLLIN, 0},
                                    {stop.fd(), POLLIN, 0}}};
    poll(waits.data(), waits.size(), process ? deadline.LeftMilliseconds() : 0);
    drain(kReads);
    if (waits[0].revents != 0 || gone) break;
    if (!deadline.passed() && !stop.raised() && process) continue;
    result.timed_out = true;
    break;
  }
  // Its group lives until it is waited for, and with it whatever it left behind.
  kill(-child, SIGKILL);
  // It may have joined another group.
  kill(child, SIGKILL);
  const absl::StatusOr<int> status = Reap(child, process.get());
  drain(kLastReads);
  if (operations) {
    result.operations = std::move(*operations).Finish();
    result.truncated = result.truncated || result.operations->truncated;
  }
  if (status.ok()) {
    result.exit_code = ExitCodeOf(*status);
  } else {
    result.exit_code = kCouldNotStart;
    absl::StrAppend(&result.output, result.output.empty() || result.output.back() == '\n' ? "" : "\n", "'",
                    request.command.arguments.front(), "': ", status.status().message());
  }
  result.took = deadline.Elapsed();
  return result;
}

CheckResult JudgeCommand(const CommandResult& result) {
  const std::string text = Printable(absl::StripAsciiWhitespace(result.output));
  std::string last(absl::StripAsciiWhitespace(std::vector<absl::string_view>(absl::StrSplit(text, '\n')).back()));
  for (char& c : last) c = c == '\t' || c == '\r' ? ' ' : c;
  if (last.size() > kMostDetail) last = Printable(last.substr(0, kMostDetail)) + "…";
  const std::string said = last.empty() ? "" : absl::StrCat(": ", last);
  if (result.timed_out) {
    return {.passed = false,
            .detail = absl::StrCat("no end within ",
                                   FormatDuration(std::chrono::round<std::chrono::milliseconds>(result.took)), said)};
  }
  if (result.exit_code == kCouldNotStart) return {.passed = false, .detail = last.empty() ? "exit code 127" : last};
  return {.passed = result.exit_code == 0, .detail = absl::StrCat("exit code ", result.exit_code, said)};
}

}  // namespace faultline
