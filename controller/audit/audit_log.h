#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "controller/audit/audit_chain.h"
#include "controller/audit/audit_file.h"
#include "controller/audit/audit_sink.h"

namespace faultline {

// Which lines are asked for.
struct AuditQuery {
  // Of this moment or later.
  std::optional<WallTime> since;
  // The latest so many.
  std::size_t most = 1000;
};

// The controller's audit log: JSON lines that are only ever added, each with the hash of the one before. What a crash
// or a full disk left of a line stays, and the next line tells of it. Thread-safe; Record waits for the disk.
class AuditLog : public AuditSink {
 public:
  static constexpr std::uint64_t kLargestFile = std::uint64_t{64} << 20;

  // Takes up the log where it ends; its files are put away when they are that large. DATA_LOSS when its last lines are
  // not what was written: nothing may be added to a log that was changed. `clock` must outlive it.
  static absl::StatusOr<std::unique_ptr<AuditLog>> Open(const Clock& clock, std::unique_ptr<AuditFile> file,
                                                        std::uint64_t largest_file = kLargestFile);

  // After an error a later one goes on after whatever the failed one left.
  absl::Status Record(const AuditEntry& entry) override;

  AuditHead head() const;
  // Oldest first; of the files that were put away too, as far as they are still there.
  absl::StatusOr<std::vector<AuditLine>> List(const AuditQuery& query) const;

 private:
  AuditLog(const Clock& clock, std::unique_ptr<AuditFile> file, std::uint64_t largest_file);
  // Finds an entry to follow the chain from.
  absl::Status Begin();
  // Looks at what the file has since it was last known to be whole.
  absl::Status TakeUp();
  absl::Status RotateIfLarge();

  const Clock& clock_;
  const std::unique_ptr<AuditFile> file_;
  const std::uint64_t largest_file_;
  mutable std::mutex mutex_;
  AuditChain chain_;
  // Up to where the file is whole lines of the chain.
  std::uint64_t whole_ = 0;
  // What stands after that, and no line tells of yet.
  std::optional<std::string> torn_;
  // Whether the last thing in the file has no end of line.
  bool open_line_ = false;
  // Whether an Append has failed, so that the file has to be looked at.
  bool unsure_ = false;
};

}  // namespace faultline
