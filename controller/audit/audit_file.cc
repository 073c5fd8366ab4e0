#include "controller/audit/audit_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/status.h"

namespace faultline {
namespace {

constexpr char kCurrent[] = "audit.jsonl";

struct Numbered {
  std::uint64_t number = 0;
  std::string path;
};

// By number.
absl::StatusOr<std::vector<Numbered>> NumberedIn(const std::string& folder) {
  std::vector<Numbered> files;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename();
    absl::string_view digits = name;
    Numbered file{.path = entry->path()};
    if (absl::ConsumePrefix(&digits, "audit-") && absl::ConsumeSuffix(&digits, ".jsonl") &&
        absl::SimpleAtoi(digits, &file.number)) {
      files.push_back(std::move(file));
    }
  }
  if (error) return ErrnoError(error.value(), absl::StrCat("reading the folder ", folder));
  std::ranges::sort(files, {}, &Numbered::number);
  return files;
}

absl::Status SyncFolder(const std::string& folder) {
  const UniqueFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || fsync(fd.get()) != 0) return ErrnoError(errno, absl::StrCat("writing the folder ", folder));
  return absl::OkStatus();
}

class DiskFile : public AuditFile {
 public:
  explicit DiskFile(std::string folder) : folder_(std::move(folder)), path_(absl::StrCat(folder_, "/", kCurrent)) {}

  absl::StatusOr<std::uint64_t> Size() override {
    struct stat found {};
    if (stat(path_.c_str(), &found) == 0) return static_cast<std::uint64_t>(found.st_size);
    if (errno == ENOENT) return std::uint64_t{0};
    return ErrnoError(errno, absl::StrCat("reading ", path_));
  }

  absl::StatusOr<std::string> ReadFrom(std::uint64_t offset) override { return ReadAuditFile(path_, offset); }

  absl::Status Append(absl::string_view bytes) override {
    FAULTLINE_RETURN_IF_ERROR(Open());
    while (!bytes.empty()) {
      const ssize_t count = write(fd_.get(), bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return ErrnoError(errno, absl::StrCat("writing ", path_));
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    if (fdatasync(fd_.get()) != 0) return ErrnoError(errno, absl::StrCat("writing ", path_));
    return absl::OkStatus();
  }

  absl::Status Rotate() override {
    FAULTLINE_ASSIGN_OR_RETURN(const std::vector<Numbered> files, NumberedIn(folder_));
    const std::uint64_t number = files.empty() ? 1 : files.back().number + 1;
    const std::string target = absl::StrCat(folder_, "/audit-", number, ".jsonl");
    if (rename(path_.c_str(), target.c_str()) != 0) return ErrnoError(errno, absl::StrCat("making ", target));
    // The disk is made to have it together with the new file.
    fd_ = UniqueFd();
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> ReadRotated(std::size_t back) override {
    FAULTLINE_ASSIGN_OR_RETURN(const std::vector<Numbered> files, NumberedIn(folder_));
    if (files.size() <= back) return std::string();
    return ReadAuditFile(files[files.size() - 1 - back].path, 0);
  }

 private:
  absl::Status Open() {
    if (fd_) return absl::OkStatus();
    fd_ = UniqueFd(open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd_) return ErrnoError(errno, absl::StrCat("opening ", path_));
    return SyncFolder(folder_);
  }

  const std::string folder_;
  const std::string path_;
  UniqueFd fd_;
};

}  // namespace

absl::StatusOr<std::string> ReadAuditFile(const std::string& path, std::uint64_t offset) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd && errno == ENOENT) return std::string();
  if (!fd) return ErrnoError(errno, absl::StrCat("opening ", path));
  std::string text;
  std::array<char, 1 << 16> buffer{};
  while (true) {
    const ssize_t count = pread(fd.get(), buffer.data(), buffer.size(), static_cast<off_t>(offset + text.size()));
    if (count == 0) return text;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoError(errno, absl::StrCat("reading ", path));
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

absl::StatusOr<std::vector<std::string>> AuditFilesOf(const std::string& folder) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<Numbered> numbered, NumberedIn(folder));
  std::vector<std::string> paths;
  for (const Numbered& file : numbered) paths.push_back(file.path);
  const std::string current = absl::StrCat(folder, "/", kCurrent);
  if (std::filesystem::exists(current)) paths.push_back(current);
  return paths;
}

std::unique_ptr<AuditFile> OpenAuditFile(std::string folder) { return std::make_unique<DiskFile>(std::move(folder)); }

}  // namespace faultline
