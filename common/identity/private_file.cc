#include "common/identity/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <utility>

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

// A file that is whole under another name beside its own, until it is taken into use; else it is removed again.
class StagedFile {
 public:
  explicit StagedFile(std::string path) : path_(std::move(path)), made_(absl::StrCat(path_, ".", getpid(), ".new")) {}
  ~StagedFile() {
    if (exists_) unlink(made_.c_str());
  }
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;

  absl::Status Write(absl::string_view text) {
    const std::string folder = std::filesystem::path(path_).parent_path().string();
    folder_ = UniqueFd(open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder_) return ErrnoError(errno, absl::StrCat("opening the folder of ", path_));
    // Of one that had this number, and did not come to its end.
    if (unlink(made_.c_str()) != 0 && errno != ENOENT) {
      return ErrnoError(errno, absl::StrCat("removing a file beside ", path_));
    }
    const UniqueFd file(open(made_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return ErrnoError(errno, absl::StrCat("making a file beside ", path_));
    exists_ = true;
    FAULTLINE_RETURN_IF_ERROR(WriteAll(file.get(), text, path_));
    FAULTLINE_RETURN_IF_ERROR(GiveToOwnerOf(folder_.get(), file.get(), path_));
    return fsync(file.get()) == 0 ? absl::OkStatus() : ErrnoError(errno, absl::StrCat("writing ", path_));
  }
  absl::Status Use() {
    if (rename(made_.c_str(), path_.c_str()) != 0) return ErrnoError(errno, absl::StrCat("making ", path_));
    exists_ = false;
    return fsync(folder_.get()) == 0 ? absl::OkStatus() : ErrnoError(errno, absl::StrCat("writing ", path_));
  }

 private:
  const std::string path_;
  const std::string made_;
  UniqueFd folder_;
  bool exists_ = false;
};

absl::Status CheckNoFolder(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(std::filesystem::symlink_status(path, error))) return absl::OkStatus();
  return ErrnoError(EISDIR, absl::StrCat("making ", path));
}

}  // namespace

absl::Status WritePrivateFile(const std::string& path, absl::string_view text) {
  return WritePrivateFiles({{.path = path, .text = std::string(text)}});
}

absl::Status WritePrivateFiles(const std::vector<PrivateFile>& files) {
  std::deque<StagedFile> staged;
  for (const PrivateFile& file : files) {
    FAULTLINE_RETURN_IF_ERROR(CheckNoFolder(file.path));
    FAULTLINE_RETURN_IF_ERROR(staged.emplace_back(file.path).Write(file.text));
  }
  for (StagedFile& file : staged) FAULTLINE_RETURN_IF_ERROR(file.Use());
  return absl::OkStatus();
}

absl::Status CheckPrivateFile(const std::string& path) {
  FAULTLINE_RETURN_IF_ERROR(CheckNoFolder(path));
  return StagedFile(path).Write("");
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
