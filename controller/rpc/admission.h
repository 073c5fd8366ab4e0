#pragma once

#include "controller/audit/audit_sink.h"
#include "controller/rpc/gate.h"
#include "controller/rpc/line_limit.h"

namespace faultline {

// Stands before every call that people make. Any thread; gate and audit log must outlive it.
class Admission {
 public:
  Admission(const Gate& gate, AuditSink& audit) : gate_(gate), audit_(audit) {}

  // Who calls, when its role allows this: `least` or more. `action` says what is asked, such as "start a run".
  // UNAUTHENTICATED as the gate's; PERMISSION_DENIED names the role that is had and the one that is needed. Either is
  // in the audit log then, if that can be written; of those who ask again and again but some, and how many more.
  absl::StatusOr<Principal> Admit(const grpc::ServerContextBase& context, Role least, absl::string_view action) const;

  // Writes to the audit log what is about to be done, or was. FAILED_PRECONDITION: that failed, and what is not safe by
  // itself must not be done.
  absl::Status Record(const Principal& who, absl::string_view action, absl::string_view detail) const;
  // What came of something that was admitted, and failed: `why` is its error. If it can be written.
  void RecordError(const Principal& who, absl::string_view action, absl::string_view detail,
                   const absl::Status& why) const;
  // A node's session that was refused, if that can be written; of those who try again and again but some.
  void RecordNoSession(const Principal& who, const absl::Status& why) const;

 private:
  void RecordRefusal(LineLimit& lines, const Principal& who, absl::string_view action, const absl::Status& why) const;

  const Gate& gate_;
  AuditSink& audit_;
  // A line takes the disk's time and room, and whoever is refused pays for neither.
  mutable LineLimit refusals_{100, 1};
  // Of agents, which go on trying by themselves.
  mutable LineLimit no_sessions_{10, 6};
};

}  // namespace faultline
