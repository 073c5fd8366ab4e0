#include "controller/audit/verify_audit.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/audit/audit_file.h"

namespace faultline {
namespace {

std::string NameOf(const std::string& path) { return std::filesystem::path(path).filename(); }

class Verifier {
 public:
  explicit Verifier(const std::optional<AuditHead>& written) : written_(written) {}

  // The log's first file: nothing was before it.
  void BeginWithFirst() { chain_ = AuditChain(AuditHead()); }

  void Take(const std::string& file, absl::string_view text) {
    int number = 0;
    while (!text.empty() && verdict_.broken.empty()) {
      ++number;
      const std::size_t end = std::min(text.find('\n'), text.size());
      TakeLine(text.substr(0, end), absl::StrCat(NameOf(file), ":", number));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  AuditVerdict Finish(const std::string& path) {
    if (verdict_.broken.empty() && chain_.torn()) {
      verdict_.notes.push_back(absl::StrCat(torn_at_, ": what a crash left of an entry; nothing was written since"));
    }
    if (verdict_.broken.empty() && written_ && verdict_.head.seq < written_->seq) {
      verdict_.broken = absl::StrCat(NameOf(path), ": it ends with entry ", verdict_.head.seq,
                                     ", but the controller has written entry ", written_->seq, ": its end was cut off");
    }
    return std::move(verdict_);
  }

 private:
  void TakeLine(absl::string_view line, const std::string& place) {
    if (!chain_.torn()) torn_at_ = place;
    const bool torn_before = chain_.torn().has_value();
    const absl::Status taken = chain_.Take(line);
    if (!taken.ok()) {
      verdict_.broken = absl::StrCat(torn_before ? torn_at_ : place, ": ", taken.message());
    } else if (!chain_.torn()) {
      TakeEntry(place);
    }
  }

  void TakeEntry(const std::string& place) {
    if (verdict_.entries == 0 && chain_.head()->seq > 1) {
      verdict_.notes.push_back(absl::StrCat("begins with entry ", chain_.head()->seq, "; what was before is not here"));
    }
    ++verdict_.entries;
    verdict_.head = *chain_.head();
    if (written_ && verdict_.head.seq == written_->seq && verdict_.head.hash != written_->hash) {
      verdict_.broken = absl::StrCat(place, ": entry ", verdict_.head.seq, " is not the one that the controller wrote");
    }
  }

  const std::optional<AuditHead> written_;
  AuditChain chain_;
  AuditVerdict verdict_;
  std::string torn_at_;
};

}  // namespace

absl::StatusOr<AuditVerdict> VerifyAudit(const std::string& path, const std::optional<AuditHead>& written) {
  std::error_code error;
  const bool folder = std::filesystem::is_directory(path, error);
  std::vector<std::string> files = {path};
  if (folder) {
    FAULTLINE_ASSIGN_OR_RETURN(files, AuditFilesOf(path));
    if (files.empty()) return absl::NotFoundError(absl::StrCat("there is no audit log in ", path));
  } else if (!std::filesystem::exists(path, error)) {
    return absl::NotFoundError(absl::StrCat("there is no file or folder ", path));
  }
  Verifier verifier(written);
  if (folder && (files.size() == 1 || NameOf(files.front()) == "audit-1.jsonl")) verifier.BeginWithFirst();
  for (const std::string& file : files) {
    FAULTLINE_ASSIGN_OR_RETURN(const std::string text, ReadAuditFile(file, 0));
    verifier.Take(file, text);
  }
  return verifier.Finish(files.back());
}

}  // namespace faultline
