#include "absl/strings/str_cat.h"
#include "common/digest.h"
#include "common/duration.h"
#include "common/status.h"
#include "controller/run/coordinator.h"

namespace faultline {
namespace {

// Of what was stored by a version that did not know who asks.
Principal UnknownStarter(const v1::Run& record) {
  const std::string& schedule = record.schedule_name();
  return {.name = schedule.empty() ? "unknown" : absl::StrCat("schedule ", schedule), .role = Role::kOperator};
}

}  // namespace

Decision Coordinator::Decide(const Principal& who, const Plan& plan, const Compiled& compiled,
                             const Inventory& inventory) const {
  Principal now = who;
  if (who.enrolled) now.role = role_of_(who.name);
  if (now.role < Role::kOperator && now.role < who.role) {
    return {.kind = Decision::Kind::kRefused,
            .reason = absl::StrCat("'", who.name, "', who asked for it, was ", NameOf(who.role), " and has the role ",
                                   NameOf(now.role), " by now: it takes the role ", NameOf(Role::kOperator))};
  }
  return policy_.Decide(now, FactsOf(plan, compiled, inventory), clock_.WallNow());
}

absl::Status Coordinator::Audit(const ActiveRun& run, const Principal& who, absl::string_view action,
                                AuditDecision decision, absl::string_view reason) {
  const absl::Status written = audit_.Record({.who = who,
                                              .action = std::string(action),
                                              .decision = decision,
                                              .run_id = run.record.id(),
                                              .plan_digest = Sha256Hex(run.record.plan_text()),
                                              .reason = std::string(reason)});
  if (written.ok()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("nothing may begin that cannot be written to the audit log: ", written.message()));
}

bool Coordinator::Permitted(ActiveRun& run, const Compiled& compiled, const Inventory& inventory) {
  const Principal& starter = run.permit.starter;
  const Decision decision = Decide(starter, run.plan, compiled, inventory);
  if (decision.kind == Decision::Kind::kRefused) {
    // It is refused in any case.
    Audit(run, starter, "begin a run", AuditDecision::kRefused, decision.reason).IgnoreError();
    Release(run, v1::OUTCOME_REFUSED, decision.reason);
    return false;
  }
  if (decision.kind == Decision::Kind::kNeedsApproval && run.permit.approved_by.empty()) {
    AwaitApproval(run, decision.reason);
    return false;
  }
  return true;
}

bool Coordinator::AuditBeginning(ActiveRun& run) {
  // One that was accepted just now is in the log.
  if (run.phase != RunPhase::kCompiling) return true;
  const std::string second =
      run.permit.approved_by.empty() ? "" : absl::StrCat("approved by '", run.permit.approved_by, "'");
  const absl::Status audited = Audit(run, run.permit.starter, "begin a run", AuditDecision::kAllowed, second);
  if (!audited.ok()) Release(run, v1::OUTCOME_REFUSED, std::string(audited.message()));
  return audited.ok();
}

void Coordinator::AwaitApproval(ActiveRun& run, const std::string& reason) {
  run.phase = RunPhase::kWaiting;
  run.came_in_time = true;
  run.approval_until = Now() + kApprovalTime;
  run.record.set_state(v1::RUN_STATE_WAITING);
  run.record.set_summary(absl::StrCat("waits for a second person to run `faultline approve ", run.record.id(),
                                      "` within ", FormatDuration(kApprovalTime), ": ", reason));
  TellWaiting(run);
  Changed(run);
}

bool Coordinator::Approved(ActiveRun& run) {
  if (!run.permit.approved_by.empty()) {
    run.approval_until.reset();
    return true;
  }
  if (Now() < *run.approval_until) return false;
  const std::string why = absl::StrCat("nobody approved it within ", FormatDuration(kApprovalTime));
  // It ends in any case.
  Audit(run, run.permit.starter, "begin a run", AuditDecision::kRefused, why).IgnoreError();
  Release(run, v1::OUTCOME_ABORTED, why);
  return false;
}

absl::Status Coordinator::Approve(const std::string& run_id, const Principal& who) {
  const std::lock_guard lock(mutex_);
  ActiveRun* const run = Find(run_id);
  if (run == nullptr) FAULTLINE_RETURN_IF_ERROR(store_.Get(run_id).status());
  if (run == nullptr || (run->phase != RunPhase::kWaiting && run->phase != RunPhase::kCompiling)) {
    return absl::FailedPreconditionError(absl::StrCat("run ", run_id, " has begun or is over: it waits for nobody"));
  }
  Permit approved = run->permit;
  if (approved.starter.name == who.name) {
    return absl::PermissionDeniedError(
        absl::StrCat("run ", run_id, " was started by '", who.name, "' too; it takes a second person to approve it"));
  }
  if (!approved.approved_by.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("run ", run_id, " was approved by '", approved.approved_by, "' already"));
  }
  approved.approved_by = who.name;
  FAULTLINE_RETURN_IF_ERROR(Audit(*run, who, "approve a run", AuditDecision::kApproved,
                                  absl::StrCat("started by '", approved.starter.name, "'")));
  FAULTLINE_RETURN_IF_ERROR(permits_.Put(PermitStore::OfRun(run_id), approved));
  run->permit = std::move(approved);
  run->record.set_summary(absl::StrCat("approved by '", who.name, "'"));
  Changed(*run);
  return absl::OkStatus();
}

absl::StatusOr<Permit> Coordinator::PermitOf(const v1::Run& record) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::optional<Permit> permit, permits_.Get(PermitStore::OfRun(record.id())));
  return permit.value_or(Permit{.starter = UnknownStarter(record), .approved_by = ""});
}

}  // namespace faultline
