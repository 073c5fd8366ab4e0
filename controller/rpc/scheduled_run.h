#pragma once

#include "absl/status/statusor.h"
#include "controller/run/coordinator.h"
#include "controller/schedule/scheduler.h"
#include "controller/store/permit_store.h"

namespace faultline {

// Has the coordinator run a schedule's plan at a moment, on the word of who made the schedule: a Scheduler::Start. Its
// id; an error when the plan cannot be read (any more) or nothing can be stored.
absl::StatusOr<std::string> StartScheduled(Coordinator& coordinator, PermitStore& permits, const v1::Schedule& schedule,
                                           const Scheduler::Moment& moment);

// Reads a plan that came over the wire. INVALID_ARGUMENT lists every error, each a line.
absl::StatusOr<Plan> ReadPlan(const v1::PlanSource& source);

}  // namespace faultline
