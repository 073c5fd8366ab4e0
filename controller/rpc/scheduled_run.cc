#include "controller/rpc/scheduled_run.h"

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/plan/plan_yaml.h"

namespace faultline {

absl::StatusOr<Plan> ReadPlan(const v1::PlanSource& source) {
  ParsedPlan parsed = ParsePlan(source.text());
  if (!parsed.errors.empty()) return absl::InvalidArgumentError(JoinErrors(parsed.errors, source.file_name()));
  return std::move(parsed.plan);
}

absl::StatusOr<std::string> StartScheduled(Coordinator& coordinator, PermitStore& permits, const v1::Schedule& schedule,
                                           const Scheduler::Moment& moment) {
  FAULTLINE_ASSIGN_OR_RETURN(Plan plan, ReadPlan(schedule.plan()));
  FAULTLINE_ASSIGN_OR_RETURN(const std::optional<Permit> permit, permits.Get(PermitStore::OfSchedule(schedule.name())));
  // One that an older version stored has no maker.
  Principal starter = permit ? permit->starter : Principal{.name = "", .role = Role::kOperator};
  if (!permit) starter.name = absl::StrCat("schedule ", schedule.name());
  starter.from = absl::StrCat("schedule ", schedule.name());
  return coordinator.Begin({.plan = std::move(plan),
                            .plan_text = schedule.plan().text(),
                            .file_name = schedule.plan().file_name(),
                            .starter = std::move(starter),
                            .due = moment.due,
                            .queue = schedule.queue(),
                            .schedule_name = schedule.name(),
                            .passed = moment.passed});
}

}  // namespace faultline
