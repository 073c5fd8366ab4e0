#include "absl/strings/str_cat.h"
#include "controller/report/client_doubts.h"
#include "controller/report/client_record.h"
#include "controller/report/figure_text.h"
#include "controller/run/coordinator.h"
#include "controller/run/waits.h"
#include "controller/schedule/wall_time.h"

namespace faultline {
namespace {

CheckRequest RequestOf(const Guard& guard, const v1::Run& run) {
  return {.check = guard.check,
          .context = {.run = run.id(), .plan = run.plan_name(), .step = "", .moment = "guard"},
          .timeout = guard.timeout};
}

}  // namespace

void Coordinator::LaunchChecks(ActiveRun& run) {
  const ControllerTime begun = Now();
  for (const std::size_t guard : run.guards.TakeDue(begun)) {
    host_.Check(
        RequestOf(run.guards.guard(guard), run.record),
        [this, id = run.record.id(), guard, begun](const CheckResult& result) { OnChecked(id, guard, begun, result); });
  }
}

bool Coordinator::GuardsAnswer(ActiveRun& run) {
  if (!run.guards.AnyOverdue(Now())) return true;
  const int recorded = run.record.guard_checks_size();
  const std::optional<std::string> why = run.guards.FailOverdue(Now());
  run.guards.Record(run.t0, run.record);
  TellGuards(run, recorded);
  if (why) {
    Release(run, run.t0 ? v1::OUTCOME_ABORTED : v1::OUTCOME_REFUSED, *why);
  } else {
    Changed(run);
  }
  return !why;
}

void Coordinator::OnChecked(const std::string& run_id, std::size_t guard, ControllerTime begun,
                            const CheckResult& result) {
  const std::lock_guard lock(mutex_);
  ActiveRun* run = Find(run_id);
  if (run == nullptr || !run->IsGuarded()) return;
  const int recorded = run->record.guard_checks_size();
  const std::optional<std::string> why = run->guards.Answer(guard, begun, result);
  run->guards.Record(run->t0, run->record);
  TellGuards(*run, recorded);
  if (why) return Release(*run, run->t0 ? v1::OUTCOME_ABORTED : v1::OUTCOME_REFUSED, *why);
  if (run->record.guard_checks_size() != recorded) Changed(*run);
  ArmWhenSteady(*run);
}

void Coordinator::LaunchObservations(ActiveRun& run, const std::vector<std::size_t>& moments) {
  const ControllerTime begun = Now();
  const WallTime zero = run.record.has_started() ? DecodeWall(run.record.started()) : clock_.WallNow();
  for (const std::size_t moment : moments) {
    host_.Run(run.observations.RequestOf(moment, run.record.id(), run.record.plan_name(), zero),
              [this, id = run.record.id(), moment, begun](CommandResult result) {
                OnCaptured(id, moment, begun, std::move(result));
              });
  }
  if (run.end_deadline && !moments.empty()) PutOffEnd(run);
}

void Coordinator::PutOffEnd(ActiveRun& run) {
  run.end_deadline = Now() + run.observations.LongestUnderWay() + kGivingUpAfterLease;
}

void Coordinator::OnCaptured(const std::string& run_id, std::size_t moment, ControllerTime begun,
                             CommandResult result) {
  const std::lock_guard lock(mutex_);
  ActiveRun* run = Find(run_id);
  if (run == nullptr || run->phase == RunPhase::kUnstored) return;
  run->observations.Answer(moment, begun, std::move(result));
  run->observations.Record(run->t0, run->record);
  // Where more commands are asked for than run at a time, those that wait may begin only now.
  if (run->end_deadline) PutOffEnd(*run);
  Changed(*run);
  ArmWhenSteady(*run);
}

bool Coordinator::ObserveEnd(ActiveRun& run) {
  // A controller that stops waits for no program.
  if (!run.t0 || stopping_ || !run.observations.HasEnd()) return true;
  LaunchObservations(run, run.observations.TakeEnd());
  if (!run.end_deadline) PutOffEnd(run);
  return run.observations.Idle() || Now() >= *run.end_deadline;
}

bool Coordinator::OnlyObserves(const ActiveRun& run) const {
  return run.phase == RunPhase::kReleasing && (run.AllEnded() || Now() >= run.deadline) && run.end_deadline &&
         Now() < *run.end_deadline && !run.observations.Idle();
}

void Coordinator::KeepClients(ActiveRun& run) {
  if (!run.t0) return;
  WarnOfBadLines(run.record);
  for (const std::string& doubt : ClientDoubtsOf(run.record)) run.record.add_warnings(doubt);
  const auto clients = run.observations.Operations(DecodeWall(run.record.started()));
  if (!clients) return;
  AddClients(clients->log, run.record);
  if (clients->left_out == 0) return;
  run.record.add_warnings(absl::StrCat("what clients saw is without ", GroupedCount(clients->left_out),
                                       " operations, happenings and accountings: its observations together told of "
                                       "more than a run keeps"));
}

void Coordinator::ArmWhenSteady(ActiveRun& run) {
  if (run.phase == RunPhase::kChecking && run.guards.Steady() && run.observations.Idle()) Arm(run);
}

}  // namespace faultline
