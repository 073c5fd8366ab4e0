#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "controller/audit/audit_entry.h"

namespace faultline {

// The end of a chain: its last line.
struct AuditHead {
  // 0: there is no line yet.
  std::uint64_t seq = 0;
  std::string hash = std::string(64, '0');

  bool operator==(const AuditHead&) const = default;
};

// Follows an audit log line by line. A value; pure.
class AuditChain {
 public:
  // Takes the first line as it is.
  AuditChain() = default;
  // The first line has to follow this one.
  explicit AuditChain(AuditHead head) : head_(std::move(head)) {}

  // The next line, without its end. INVALID_ARGUMENT when it is not the one that was written there; the chain is then
  // broken, and not to be followed any further. What a crash left of a line is taken: the line after it must tell of
  // it.
  absl::Status Take(absl::string_view text);

  // Of the last line that was taken; none before the first.
  const std::optional<AuditHead>& head() const { return head_; }
  // What was taken after it that is no line.
  const std::optional<std::string>& torn() const { return torn_; }

 private:
  absl::Status CheckPlace(const AuditLine& line) const;

  std::optional<AuditHead> head_;
  std::optional<std::string> torn_;
};

}  // namespace faultline
