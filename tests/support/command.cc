#include "tests/support/command.h"

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_split.h"
#include "common/unique_fd.h"

namespace faultline::testing {
namespace {

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Pipe MakePipe() {
  int ends[2] = {-1, -1};
  if (pipe(ends) != 0) ADD_FAILURE() << "pipe: errno " << errno;
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// Starts a program with these for its streams, and with no other file. Without a fork: to copy what a sanitizer maps
// takes longer than most programs do. The child's pid, or 0 with the reason in errno.
pid_t Start(const std::vector<std::string>& arguments, const Pipe& in, const Pipe& out, const UniqueFd& errors) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, in.read.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, out.write.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, errors.get(), STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  pid_t child = 0;
  errno = posix_spawnp(&child, argv[0], &files, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  return errno == 0 ? child : 0;
}

std::string ReadAll(const UniqueFd& file) {
  std::string text;
  std::array<char, 4096> buffer;
  ssize_t count = 0;
  while ((count = read(file.get(), buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return text;
}

}  // namespace

CommandResult RunCommand(const std::vector<std::string>& arguments, const std::string& input) {
  Pipe in = MakePipe();
  Pipe out = MakePipe();
  // A file, so that nobody has to read it while the program runs.
  const UniqueFd errors(memfd_create("errors", MFD_CLOEXEC));
  const pid_t child = Start(arguments, in, out, errors);
  if (child == 0) return {.code = 127, .complaint = strerror(errno)};
  { const UniqueFd closed = std::move(out.write); }
  { const UniqueFd closed = std::move(in.read); }
  // Programs used here read all of their input before they write: no deadlock.
  std::size_t written = 0;
  while (written < input.size()) {
    const ssize_t count = write(in.write.get(), input.data() + written, input.size() - written);
    if (count <= 0) break;
    written += static_cast<std::size_t>(count);
  }
  { const UniqueFd closed = std::move(in.write); }
  CommandResult result{.output = ReadAll(out.read)};
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  lseek(errors.get(), 0, SEEK_SET);
  result.complaint = ReadAll(errors);
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

std::string Command(const std::string& words, const std::string& input) {
  const std::vector<std::string> arguments = absl::StrSplit(words, ' ', absl::SkipEmpty());
  CommandResult result = RunCommand(arguments, input);
  if (result.code != 0) ADD_FAILURE() << words << ": exit code " << result.code << "\n" << result.complaint;
  return std::move(result.output);
}

}  // namespace faultline::testing
