#include "tests/measure/process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace faultline::measure {
namespace {

// What several processes write to it at once comes one after the other: by itself such a file lets them write to the
// same place.
UniqueFd OutputFile() {
  UniqueFd file(memfd_create("process", MFD_CLOEXEC));
  fcntl(file.get(), F_SETFL, O_APPEND);
  return file;
}

UniqueFd MemoryFile(absl::string_view content) {
  UniqueFd file(memfd_create("process", MFD_CLOEXEC));
  while (!content.empty()) {
    const ssize_t written = write(file.get(), content.data(), content.size());
    if (written <= 0) break;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  lseek(file.get(), 0, SEEK_SET);
  return file;
}

std::string Content(const UniqueFd& file) {
  std::string content;
  std::array<char, 65536> buffer;
  lseek(file.get(), 0, SEEK_SET);
  for (ssize_t count; (count = read(file.get(), buffer.data(), buffer.size())) > 0;) {
    content.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return content;
}

// The pid, or an errno made negative.
pid_t Spawn(const std::vector<std::string>& arguments, bool own_group, std::array<int, 3> stdio) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (int i = 0; i < 3; ++i) posix_spawn_file_actions_adddup2(&actions, stdio[static_cast<std::size_t>(i)], i);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  // A shell starts what it puts into the background with SIGINT ignored.
  sigset_t defaults = none;
  sigaddset(&defaults, SIGINT);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                           (own_group ? POSIX_SPAWN_SETPGROUP : 0)));
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, argv[0], &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? pid : -error;
}

int Await(pid_t pid, Interrupts* interrupts) {
  if (interrupts != nullptr) {
    const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    std::array<pollfd, 2> events{{{process.get(), POLLIN, 0}, {interrupts->fd(), POLLIN, 0}}};
    while (poll(events.data(), events.size(), -1) < 0 || events[0].revents == 0) {
      if (events[1].revents != 0 && interrupts->Caught()) kill(-pid, SIGINT);
    }
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

ProcessResult RunProcess(const std::vector<std::string>& arguments, const ProcessOptions& options) {
  const UniqueFd input = MemoryFile(options.input);
  const UniqueFd output = OutputFile();
  const UniqueFd error_output = OutputFile();
  const SystemClock clock;
  ProcessResult result;
  const MonotonicTime start = clock.Now();
  const pid_t pid = Spawn(arguments, options.shielded || options.interrupts != nullptr,
                          {input.get(), output.get(), error_output.get()});
  if (pid < 0) {
    result.code = 127;
    result.error_output = strerror(-pid);
    return result;
  }
  result.code = Await(pid, options.interrupts);
  result.took = clock.Now() - start;
  result.output = Content(output);
  result.error_output = Content(error_output);
  return result;
}

absl::Status ToStatus(const ProcessResult& result, const std::vector<std::string>& arguments) {
  if (result.code == 0) return absl::OkStatus();
  const std::vector<std::string> lines =
      absl::StrSplit(absl::StrCat(result.output, result.error_output), '\n', absl::SkipWhitespace());
  return absl::InternalError(absl::StrCat(absl::StrJoin(arguments, " "), ": exit code ", result.code,
                                          lines.empty() ? "" : ": ", lines.empty() ? "" : lines.back()));
}

}  // namespace faultline::measure
