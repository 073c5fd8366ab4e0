#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/audit/audit_sink.h"

namespace faultline {

// Remembers what it is told, unless its disk is full.
class FakeAudit : public AuditSink {
 public:
  absl::Status Record(const AuditEntry& entry) override {
    const std::lock_guard lock(mutex_);
    if (full_) return absl::ResourceExhaustedError("writing audit.jsonl: No space left on device");
    entries_.push_back(entry);
    return absl::OkStatus();
  }

  void SetFull(bool full) {
    const std::lock_guard lock(mutex_);
    full_ = full;
  }
  // As "alice: start a run split-1: allowed: reason"; forgets them.
  std::vector<std::string> Take() {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> texts;
    for (const AuditEntry& entry : entries_) {
      texts.push_back(absl::StrCat(entry.who.name, ": ", entry.action, " ", entry.run_id, ": ", NameOf(entry.decision),
                                   entry.reason.empty() ? "" : ": ", entry.reason));
    }
    entries_.clear();
    return texts;
  }
  // Of the last.
  std::string plan_digest() const {
    const std::lock_guard lock(mutex_);
    return entries_.back().plan_digest;
  }

 private:
  mutable std::mutex mutex_;
  bool full_ = false;
  std::vector<AuditEntry> entries_;
};

}  // namespace faultline
