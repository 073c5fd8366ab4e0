#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/audit/audit_chain.h"

namespace faultline {

// What was found of an audit log.
struct AuditVerdict {
  std::uint64_t entries = 0;
  // Of the last entry that is in order.
  AuditHead head;
  // The first thing that is wrong: "audit.jsonl:57: entry 58 is missing before entry 59". Empty: nothing is.
  std::string broken;
  // What a reader should know.
  std::vector<std::string> notes;
};

// Follows the chain through a file, or through all files of a folder. `written`: an entry that the log must have by
// now, as the controller says. Only reads; an error when that is not possible.
absl::StatusOr<AuditVerdict> VerifyAudit(const std::string& path, const std::optional<AuditHead>& written);

}  // namespace faultline
