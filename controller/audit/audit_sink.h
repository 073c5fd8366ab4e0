#pragma once

#include "absl/status/status.h"
#include "controller/audit/audit_entry.h"

namespace faultline {

// Where is kept who asked for what, and what became of it. Thread-safe.
class AuditSink {
 public:
  virtual ~AuditSink() = default;
  // Waits until the disk has it. An error, which names the file: it is not kept, and what it allows must not be done.
  virtual absl::Status Record(const AuditEntry& entry) = 0;
};

}  // namespace faultline
