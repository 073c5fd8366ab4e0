#include "controller/rpc/admission.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace faultline {

absl::StatusOr<Principal> Admission::Admit(const grpc::ServerContextBase& context, Role least,
                                           absl::string_view action) const {
  const absl::StatusOr<Principal> caller = gate_.Identify(context);
  if (!caller.ok()) {
    RecordRefusal({.from = context.peer()}, action, absl::PermissionDeniedError(caller.status().message()));
    return caller.status();
  }
  if (caller->role >= least) return caller;
  const absl::Status refused =
      absl::PermissionDeniedError(absl::StrCat("'", caller->name, "' has the role ", NameOf(caller->role),
                                               " and may not ", action, ": it takes the role ", NameOf(least)));
  RecordRefusal(*caller, action, refused);
  return refused;
}

void Admission::RecordRefusal(const Principal& who, absl::string_view action, const absl::Status& why) const {
  std::uint64_t unwritten = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!refusals_.Take(1, clock_.Now())) {
      ++unwritten_;
      return;
    }
    unwritten = std::exchange(unwritten_, 0);
  }
  const std::string more = unwritten == 0 ? "" : absl::StrCat("; ", unwritten, " refusals before it are not here");
  RecordError(who, action, "", absl::PermissionDeniedError(absl::StrCat(why.message(), more)));
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
