#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "controller/access/principal.h"

namespace faultline {

// What became of something that was asked of the controller.
enum class AuditDecision : std::uint8_t {
  kAllowed,
  kRefused,
  // A second person agreed to it.
  kApproved,
  // It was allowed, and then could not be done.
  kFailed,
};

// "allowed", "refused", "approved" or "failed".
absl::string_view NameOf(AuditDecision decision);

// What is told of it. A value; texts may hold any bytes.
struct AuditEntry {
  Principal who;
  // "start a run".
  std::string action;
  AuditDecision decision = AuditDecision::kAllowed;
  // Empty: of none.
  std::string run_id;
  // SHA-256 of the plan's text; empty: of none.
  std::string plan_digest;
  // Why, or what exactly; may be empty.
  std::string reason;
};

// A line of an audit log, as docs/AUDIT.md has it.
struct AuditLine {
  std::uint64_t seq = 0;
  WallTime time;
  AuditEntry entry;
  // When something stands before it that is no line of the log: what a crash left of one. Its SHA-256.
  std::optional<std::string> torn;
  // `hash` of the line before; 64 zeros in the first.
  std::string prev;
  // SHA-256 of the line without this field.
  std::string hash;
};

// The line as JSON, without its end; sets its hash. Texts that are too long are cut, and bytes that are no UTF-8
// replaced.
std::string FormatAuditLine(AuditLine& line);

// INVALID_ARGUMENT when it is none, or its hash is not that of the rest.
absl::StatusOr<AuditLine> ParseAuditLine(absl::string_view text);

// Whether it has the beginning and the end of one: what a crash leaves of a line has not.
bool LooksLikeAuditLine(absl::string_view text);

}  // namespace faultline
