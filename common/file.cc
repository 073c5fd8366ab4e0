#include "common/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "common/unique_fd.h"

namespace faultline {
namespace {

absl::Status WriteAll(const UniqueFd& file, absl::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t count = write(file.get(), text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoError(errno, absl::StrCat("writing ", path));
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return absl::OkStatus();
}

absl::Status WriteInPlace(const std::string& path, absl::string_view text) {
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return ErrnoError(errno, absl::StrCat("opening ", path));
  return WriteAll(file, text, path);
}

// Beside its place, then moved there.
absl::Status WriteAnew(const std::string& path, absl::string_view text, std::optional<mode_t> mode) {
  const std::string made = absl::StrCat(path, ".", getpid(), ".new");
  const UniqueFd file(open(made.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!file) return ErrnoError(errno, absl::StrCat("making a file beside ", path));
  absl::Status status = WriteAll(file, text, path);
  if (status.ok() && mode && fchmod(file.get(), *mode) != 0) status = ErrnoError(errno, absl::StrCat("writing ", path));
  if (status.ok() && rename(made.c_str(), path.c_str()) != 0) status = ErrnoError(errno, absl::StrCat("making ", path));
  if (!status.ok()) unlink(made.c_str());
  return status;
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  constexpr std::size_t kMost = std::size_t{64} << 20;
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return ErrnoError(errno, absl::StrCat("opening ", path));
  std::string text;
  std::array<char, 1 << 16> buffer{};
  while (true) {
    const ssize_t count = read(file.get(), buffer.data(), buffer.size());
    if (count == 0) return text;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoError(errno, absl::StrCat("reading ", path));
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > kMost) return absl::InvalidArgumentError(absl::StrCat(path, " is larger than 64 MiB"));
  }
}

absl::Status WriteFile(const std::string& path, absl::string_view text) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) {
    if (errno != ENOENT) return ErrnoError(errno, absl::StrCat("writing ", path));
    return WriteAnew(path, text, std::nullopt);
  }
  if (!S_ISREG(found.st_mode)) return WriteInPlace(path, text);
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(path.c_str(), nullptr), &std::free);
  if (real == nullptr) return ErrnoError(errno, absl::StrCat("writing ", path));
  return WriteAnew(real.get(), text, found.st_mode & 07777);
}

absl::StatusOr<UniqueFd> LockFile(const std::string& path) {
  UniqueFd lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) return ErrnoError(errno, absl::StrCat("opening ", path));
  if (flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  return absl::FailedPreconditionError(absl::StrCat(path, " is locked by another process"));
}

}  // namespace faultline
