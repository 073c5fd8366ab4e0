#include "controller/audit/audit_log.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/digest.h"
#include "common/status.h"

namespace faultline {
namespace {

// Of the end of a log that is looked at when it is opened: many lines.
constexpr std::uint64_t kLookedAt = std::uint64_t{1} << 20;

absl::Status Damaged(const absl::Status& why) {
  return absl::DataLossError(absl::StrCat("the audit log was changed: ", why.message(),
                                          "; look at it with `faultline audit verify`, then move it away"));
}

// An entry somewhere in a log, taken as it is, and where the line after it begins.
struct Foothold {
  AuditHead head;
  std::size_t next = 0;
};

// The first entry of a text that begins anywhere, also within what a crash left of one.
absl::StatusOr<Foothold> FindFoothold(absl::string_view text) {
  std::size_t at = text.find('\n');
  while (at < text.size()) {
    const std::size_t start = at + 1;
    at = std::min(text.find('\n', start), text.size());
    const absl::string_view line = text.substr(start, at - start);
    const absl::StatusOr<AuditLine> entry = ParseAuditLine(line);
    if (entry.ok()) {
      return Foothold{.head = {.seq = entry->seq, .hash = entry->hash}, .next = std::min(at + 1, text.size())};
    }
    if (LooksLikeAuditLine(line)) return Damaged(entry.status());
  }
  return Damaged(absl::DataLossError("its end has no entry"));
}

// The chain's end in the text of a whole file.
absl::StatusOr<AuditChain> Follow(absl::string_view text) {
  AuditChain chain;
  if (text.size() > kLookedAt) {
    text.remove_prefix(text.size() - kLookedAt);
    FAULTLINE_ASSIGN_OR_RETURN(const Foothold foothold, FindFoothold(text));
    text.remove_prefix(foothold.next);
    chain = AuditChain(foothold.head);
  }
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const absl::Status taken = chain.Take(text.substr(0, end));
    if (!taken.ok()) return Damaged(taken);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return chain;
}

// Of these lines, the latest first: adds what is asked for. False when there is enough.
bool Collect(absl::string_view text, const AuditQuery& query, std::vector<AuditLine>& lines) {
  while (!text.empty()) {
    if (text.back() == '\n') text.remove_suffix(1);
    const std::size_t before = text.rfind('\n');
    const std::size_t start = before == text.npos ? 0 : before + 1;
    absl::StatusOr<AuditLine> line = ParseAuditLine(text.substr(start));
    text.remove_suffix(text.size() - start);
    // What is torn; and what was read before, of a file that was put away meanwhile.
    if (!line.ok() || (!lines.empty() && line->seq >= lines.back().seq)) continue;
    if (lines.size() >= query.most || (query.since && line->time < *query.since)) return false;
    lines.push_back(*std::move(line));
  }
  return true;
}

}  // namespace

AuditLog::AuditLog(const Clock& clock, std::unique_ptr<AuditFile> file, std::uint64_t largest_file)
    : clock_(clock), file_(std::move(file)), largest_file_(largest_file) {}

absl::StatusOr<std::unique_ptr<AuditLog>> AuditLog::Open(const Clock& clock, std::unique_ptr<AuditFile> file,
                                                         std::uint64_t largest_file) {
  auto log = std::unique_ptr<AuditLog>(new AuditLog(clock, std::move(file), largest_file));
  const std::lock_guard lock(log->mutex_);
  FAULTLINE_RETURN_IF_ERROR(log->Begin());
  FAULTLINE_RETURN_IF_ERROR(log->TakeUp());
  return log;
}

absl::Status AuditLog::Begin() {
  FAULTLINE_ASSIGN_OR_RETURN(const std::uint64_t size, file_->Size());
  if (size > kLookedAt) {
    FAULTLINE_ASSIGN_OR_RETURN(const std::string tail, file_->ReadFrom(size - kLookedAt));
    FAULTLINE_ASSIGN_OR_RETURN(const Foothold foothold, FindFoothold(tail));
    whole_ = size - kLookedAt + foothold.next;
    chain_ = AuditChain(foothold.head);
    return absl::OkStatus();
  }
  FAULTLINE_ASSIGN_OR_RETURN(const std::string rotated, file_->ReadRotated());
  FAULTLINE_ASSIGN_OR_RETURN(const AuditChain before, Follow(rotated));
  chain_ = AuditChain(before.head().value_or(AuditHead()));
  return absl::OkStatus();
}

absl::Status AuditLog::TakeUp() {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string text, file_->ReadFrom(whole_));
  AuditChain chain(chain_);
  std::uint64_t whole = whole_;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const absl::Status taken = chain.Take(absl::string_view(text).substr(at, end - at));
    if (!taken.ok()) return Damaged(taken);
    at = std::min(end + 1, text.size());
    if (!chain.torn()) whole = whole_ + at;
  }
  // What is torn is told of by the next line, and looked at again if that fails.
  chain_ = AuditChain(*chain.head());
  whole_ = whole;
  torn_ = chain.torn();
  open_line_ = !text.empty() && text.back() != '\n';
  unsure_ = false;
  return absl::OkStatus();
}

absl::Status AuditLog::RotateIfLarge() {
  // What is torn stands right before the line that tells of it.
  if (whole_ < largest_file_ || torn_ || open_line_) return absl::OkStatus();
  FAULTLINE_RETURN_IF_ERROR(file_->Rotate());
  whole_ = 0;
  return absl::OkStatus();
}

absl::Status AuditLog::Record(const AuditEntry& entry) {
  const std::lock_guard lock(mutex_);
  if (unsure_) FAULTLINE_RETURN_IF_ERROR(TakeUp());
  FAULTLINE_RETURN_IF_ERROR(RotateIfLarge());
  AuditLine line{.seq = chain_.head()->seq + 1,
                 .time = clock_.WallNow(),
                 .entry = entry,
                 .torn = std::nullopt,
                 .prev = chain_.head()->hash,
                 .hash = ""};
  if (torn_) line.torn = Sha256Hex(*torn_);
  const std::string text = absl::StrCat(open_line_ ? "\n" : "", FormatAuditLine(line), "\n");
  const absl::Status appended = file_->Append(text);
  if (!appended.ok()) {
    unsure_ = true;
    return appended;
  }
  whole_ += (torn_ ? torn_->size() + (open_line_ ? 0 : 1) : 0) + text.size();
  chain_ = AuditChain({.seq = line.seq, .hash = line.hash});
  torn_.reset();
  open_line_ = false;
  return absl::OkStatus();
}

AuditHead AuditLog::head() const {
  const std::lock_guard lock(mutex_);
  return *chain_.head();
}

absl::StatusOr<std::vector<AuditLine>> AuditLog::List(const AuditQuery& query) const {
  std::vector<AuditLine> lines;
  const auto read = [this](const auto& from) -> absl::StatusOr<std::string> {
    const std::lock_guard lock(mutex_);
    return from();
  };
  FAULTLINE_ASSIGN_OR_RETURN(std::string text, read([this] { return file_->ReadFrom(0); }));
  bool more = Collect(text, query, lines);
  for (std::size_t back = 0; more; ++back) {
    FAULTLINE_ASSIGN_OR_RETURN(text, read([this, back] { return file_->ReadRotated(back); }));
    more = !text.empty() && Collect(text, query, lines);
  }
  std::ranges::reverse(lines);
  return lines;
}

}  // namespace faultline
