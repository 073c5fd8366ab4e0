#include "controller/audit/audit_chain.h"

#include "absl/strings/str_cat.h"
#include "common/digest.h"
#include "common/status.h"

namespace faultline {

absl::Status AuditChain::Take(absl::string_view text) {
  const absl::StatusOr<AuditLine> line = ParseAuditLine(text);
  if (!line.ok()) {
    if (LooksLikeAuditLine(text)) return line.status();
    torn_ = torn_ ? absl::StrCat(*torn_, "\n", text) : std::string(text);
    return absl::OkStatus();
  }
  FAULTLINE_RETURN_IF_ERROR(CheckPlace(*line));
  head_ = AuditHead{.seq = line->seq, .hash = line->hash};
  torn_.reset();
  return absl::OkStatus();
}

absl::Status AuditChain::CheckPlace(const AuditLine& line) const {
  const auto broken = [](const auto&... words) { return absl::InvalidArgumentError(absl::StrCat(words...)); };
  if (torn_ && line.torn != Sha256Hex(*torn_)) {
    return broken("what stands before entry ", line.seq, " is no entry, and not what a crash left of one");
  }
  if (!torn_ && line.torn) return broken("what a crash left before entry ", line.seq, " was removed");
  if (!head_) return absl::OkStatus();
  if (line.seq > head_->seq + 1) {
    const bool one = line.seq == head_->seq + 2;
    return broken(one ? absl::StrCat("entry ", head_->seq + 1, " is")
                      : absl::StrCat("entries ", head_->seq + 1, " to ", line.seq - 1, " are"),
                  " missing before entry ", line.seq);
  }
  if (line.seq <= head_->seq) return broken("entry ", line.seq, " stands after entry ", head_->seq);
  if (line.prev != head_->hash)
    return broken("entry ", line.seq, " does not follow the one before it: one was replaced");
  return absl::OkStatus();
}

}  // namespace faultline
