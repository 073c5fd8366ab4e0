#include "controller/rpc/scheduled_run.h"

#include "common/status.h"
#include "controller/plan/plan_yaml.h"

namespace faultline {

absl::StatusOr<Plan> ReadPlan(const v1::PlanSource& source) {
  ParsedPlan parsed = ParsePlan(source.text());
  if (!parsed.errors.empty()) return absl::InvalidArgumentError(JoinErrors(parsed.errors, source.file_name()));
  return std::move(parsed.plan);
}

absl::StatusOr<std::string> StartScheduled(Coordinator& coordinator, const v1::Schedule& schedule,
                                           const Scheduler::Moment& moment) {
  FAULTLINE_ASSIGN_OR_RETURN(Plan plan, ReadPlan(schedule.plan()));
  return coordinator.Begin({.plan = std::move(plan),
                            .plan_text = schedule.plan().text(),
                            .file_name = schedule.plan().file_name(),
                            .due = moment.due,
                            .queue = schedule.queue(),
                            .schedule_name = schedule.name(),
                            .passed = moment.passed});
}

}  // namespace faultline
