#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/unique_fd.h"

namespace faultline {

// The file that an audit log is written to. Not thread-safe. Errors name the file.
class AuditFile {
 public:
  virtual ~AuditFile() = default;
  virtual absl::StatusOr<std::uint64_t> Size() = 0;
  // What is there from this byte on.
  virtual absl::StatusOr<std::string> ReadFrom(std::uint64_t offset) = 0;
  // Adds to its end, and waits until the disk has it. On an error a part of it may be there.
  virtual absl::Status Append(absl::string_view bytes) = 0;
  // Puts it away under a number, and goes on with an empty one.
  virtual absl::Status Rotate() = 0;
  // The text of the one that was put away last, or `back` files before that; empty: there is none.
  virtual absl::StatusOr<std::string> ReadRotated(std::size_t back = 0) = 0;
};

// The files of a folder's audit log: "audit.jsonl", and before it "audit-1.jsonl", "audit-2.jsonl" and so on, oldest
// first. Their paths; an error when the folder cannot be read.
absl::StatusOr<std::vector<std::string>> AuditFilesOf(const std::string& folder);

// What one of them has from this byte on; nothing when it is missing. Links are not followed.
absl::StatusOr<std::string> ReadAuditFile(const std::string& path, std::uint64_t offset);

// "audit.jsonl" in a folder, made when missing, with mode 0600.
std::unique_ptr<AuditFile> OpenAuditFile(std::string folder);

}  // namespace faultline
