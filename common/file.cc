#include "common/file.h"

#include <fcntl.h>
#include <sys/file.h>

#include <array>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "common/unique_fd.h"

namespace faultline {

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

absl::StatusOr<UniqueFd> LockFile(const std::string& path) {
  UniqueFd lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) return ErrnoError(errno, absl::StrCat("opening ", path));
  if (flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  return absl::FailedPreconditionError(absl::StrCat(path, " is locked by another process"));
}

}  // namespace faultline
