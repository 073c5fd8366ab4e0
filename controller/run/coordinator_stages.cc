#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/timeline_codec.h"
#include "controller/report/expectation.h"
#include "controller/report/verdict.h"
#include "controller/run/coordinator.h"

namespace faultline {

void Coordinator::JudgeStages(ActiveRun& run, bool wait) {
  const Duration elapsed = Now() - *run.t0;
  while (static_cast<std::size_t>(run.record.stages_size()) < run.stages.size()) {
    Stage stage = run.stages[static_cast<std::size_t>(run.record.stages_size())];
    const Duration settled = stage.end + SettleTime(stage, run.timelines);
    if (elapsed < settled) return;
    // Until then its last probes arrive.
    const std::vector<std::string> behind = Behind(run, *run.t0 + settled - kSettle);
    if (!behind.empty()) {
      if (wait && elapsed < settled + PatienceWith(run)) return;
      run.record.add_warnings(absl::StrCat(stage.name, " was judged without all observations of ",
                                           absl::StrJoin(behind, ", "), ", which did not deliver them in time"));
    }
    // What was observed before T0 counts too, where the plan leaves the baseline too little time.
    if (run.record.stages().empty()) stage.start = std::min(stage.start, stage.end - kBaseline);
    const std::vector<NodeName> parties(run.parties.begin(), run.parties.end());
    const Evidence evidence = {
        .log = probes_, .t0 = *run.t0, .clock_error = fleet_.WorstRoundTrip(parties) / 2, .baseline = run.Baseline()};
    v1::StageVerdict verdict = JudgeStage(stage, {run.nodes, run.timelines, fleet_.probe_port()}, evidence);
    std::vector<std::string> active;
    for (const StepIndex step : stage.active) active.push_back(run.record.step_names(static_cast<int>(step)));
    JudgeExpectations(run.plan.expectations, active, verdict, run.record);
    *run.record.add_stages() = std::move(verdict);
    Changed(run);
  }
}

std::vector<std::string> Coordinator::Behind(const ActiveRun& run, ControllerTime moment) const {
  std::vector<std::string> behind;
  for (const ProbeNode& node : run.nodes) {
    const std::optional<ControllerTime> seen = fleet_.SeenUntil(node.name);
    if (seen && *seen < moment) behind.push_back(node.name.text());
  }
  return behind;
}

// A node that is away for longer than its lease has healed, unless it carries on.
Duration Coordinator::PatienceWith(const ActiveRun& run) const {
  if (run.record.on_controller_loss() == v1::CONTROLLER_LOSS_CONTINUE) return run.deadline - *run.t0;
  return DecodeDuration(run.record.lease()).value_or(options_.lease);
}

}  // namespace faultline
