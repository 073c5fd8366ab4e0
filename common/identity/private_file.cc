#include "common/identity/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "common/unique_fd.h"

namespace faultline {
namespace {

absl::Status WriteAll(int file, absl::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t count = write(file, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoError(errno, absl::StrCat("writing ", path));
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return absl::OkStatus();
}

absl::Status GiveToOwnerOf(int folder, int file, const std::string& path) {
  struct stat found {};
  if (fstat(folder, &found) != 0) return ErrnoError(errno, absl::StrCat("looking at the folder of ", path));
  if (geteuid() != 0 || found.st_uid == 0) return absl::OkStatus();
  if (fchown(file, found.st_uid, found.st_gid) == 0) return absl::OkStatus();
  return ErrnoError(errno, absl::StrCat("giving ", path, " to the owner of its folder"));
}

}  // namespace

absl::Status WritePrivateFile(const std::string& path, absl::string_view text) {
  const std::string folder_path = std::filesystem::path(path).parent_path().string();
  const UniqueFd folder(open(folder_path.empty() ? "." : folder_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return ErrnoError(errno, absl::StrCat("opening the folder of ", path));
  const std::string made = absl::StrCat(path, ".", getpid(), ".new");
  const UniqueFd file(open(made.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return ErrnoError(errno, absl::StrCat("making a file beside ", path));
  absl::Status status = WriteAll(file.get(), text, path);
  if (status.ok()) status = GiveToOwnerOf(folder.get(), file.get(), path);
  if (status.ok() && fsync(file.get()) != 0) status = ErrnoError(errno, absl::StrCat("writing ", path));
  if (status.ok() && rename(made.c_str(), path.c_str()) != 0) status = ErrnoError(errno, absl::StrCat("making ", path));
  if (!status.ok()) unlink(made.c_str());
  if (status.ok() && fsync(folder.get()) != 0) status = ErrnoError(errno, absl::StrCat("writing ", path));
  return status;
}

absl::Status MakePrivateFolder(const std::string& path) {
  std::error_code error;
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (mkdir(path.c_str(), 0700) == 0) return absl::OkStatus();
  if (errno == EEXIST && std::filesystem::is_directory(path, error)) return absl::OkStatus();
  return ErrnoError(errno, absl::StrCat("making the folder ", path));
}

}  // namespace faultline
