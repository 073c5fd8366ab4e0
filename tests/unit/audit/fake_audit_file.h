#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/audit/audit_file.h"

namespace faultline {

// What a disk would have, and how much more it takes. Outlives the log that writes it, as a disk does.
struct FakeDisk {
  std::string text;
  std::vector<std::string> rotated;
  // Bytes there is room for; absent: any number.
  std::optional<std::size_t> room;
};

// On such a disk; both live as long as their test.
class FakeAuditFile : public AuditFile {
 public:
  explicit FakeAuditFile(FakeDisk& disk) : disk_(disk) {}

  absl::StatusOr<std::uint64_t> Size() override { return disk_.text.size(); }
  absl::StatusOr<std::string> ReadFrom(std::uint64_t offset) override { return disk_.text.substr(offset); }
  absl::Status Append(absl::string_view bytes) override {
    const std::size_t fits = std::min(bytes.size(), disk_.room.value_or(bytes.size()));
    absl::StrAppend(&disk_.text, bytes.substr(0, fits));
    if (disk_.room) *disk_.room -= fits;
    return fits == bytes.size() ? absl::OkStatus() : absl::ResourceExhaustedError("writing audit.jsonl: disk full");
  }
  absl::Status Rotate() override {
    disk_.rotated.push_back(std::exchange(disk_.text, ""));
    return absl::OkStatus();
  }
  absl::StatusOr<std::string> ReadRotated(std::size_t back) override {
    return disk_.rotated.size() <= back ? "" : disk_.rotated[disk_.rotated.size() - 1 - back];
  }

 private:
  FakeDisk& disk_;
};

}  // namespace faultline
