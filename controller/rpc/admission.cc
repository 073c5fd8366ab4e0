#include "controller/rpc/admission.h"

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace faultline {

absl::StatusOr<Principal> Admission::Admit(const grpc::ServerContextBase& context, Role least,
                                           absl::string_view action) const {
  const absl::StatusOr<Principal> caller = gate_.Identify(context);
  if (!caller.ok()) {
    RecordRefusal(refusals_, {.from = context.peer()}, action, caller.status());
    return caller.status();
  }
  if (caller->role >= least) return caller;
  const absl::Status refused =
      absl::PermissionDeniedError(absl::StrCat("'", caller->name, "' has the role ", NameOf(caller->role),
                                               " and may not ", action, ": it takes the role ", NameOf(least)));
  RecordRefusal(refusals_, *caller, action, refused);
  return refused;
}

void Admission::RecordNoSession(const Principal& who, const absl::Status& why) const {
  RecordRefusal(no_sessions_, who, "open a session", why);
}

void Admission::RecordRefusal(LineLimit& lines, const Principal& who, absl::string_view action,
                              const absl::Status& why) const {
  const std::optional<std::string> more = lines.Take();
  if (more) RecordError(who, action, "", absl::PermissionDeniedError(absl::StrCat(why.message(), *more)));
}

absl::Status Admission::Record(const Principal& who, absl::string_view action, absl::string_view detail) const {
  const absl::Status written =
      audit_.Record({.who = who, .action = std::string(action), .reason = std::string(detail)});
  if (written.ok()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("the audit log cannot be written: ", written.message()));
}

void Admission::RecordError(const Principal& who, absl::string_view action, absl::string_view detail,
                            const absl::Status& why) const {
  const bool refused = absl::IsPermissionDenied(why);
  // Nothing is done of which there would have to be a record.
  audit_
      .Record({.who = who,
               .action = std::string(action),
               .decision = refused ? AuditDecision::kRefused : AuditDecision::kFailed,
               .reason = absl::StrCat(detail, detail.empty() ? "" : ": ", why.message())})
      .IgnoreError();
}

}  // namespace faultline
