#include "controller/run/coordinator_status.h"

#include <algorithm>

#include "controller/run/coordinator.h"

namespace faultline {

CoordinatorStatus Coordinator::status() {
  CoordinatorStatus status;
  status.probes = probe_totals_.Read();
  const std::lock_guard lock(mutex_);
  status.ended = ended_;
  status.lateness = lateness_;
  for (const auto& [id, run] : runs_) status.runs.push_back(StatusOf(run));
  return status;
}

CoordinatorStatus::Run Coordinator::StatusOf(const ActiveRun& run) const {
  CoordinatorStatus::Run status{
      .id = run.record.id(), .plan = run.record.plan_name(), .phase = run.phase, .left = std::nullopt, .faults = {}};
  for (const v1::NodeRun& part : run.record.nodes()) {
    if (!run.sent || part.has_outcome()) continue;
    ++status.nodes;
    if (!fleet_.Connected(NodeName(part.node()))) ++status.gone;
  }
  if (!run.t0) return status;
  const Timeline& timeline = run.timelines.begin()->second;
  const Duration elapsed = Now() - *run.t0;
  status.left = std::max(timeline.length - elapsed, Duration(0));
  if (status.nodes == 0) return status;
  const std::vector<StepIndex> active = run.ActiveAt(Now());
  for (const Step& step : timeline.steps) {
    if (std::ranges::find(active, step.index) == active.end()) continue;
    status.faults.push_back({.index = step.index, .step = step.name, .left = step.end() - elapsed});
  }
  return status;
}

}  // namespace faultline
