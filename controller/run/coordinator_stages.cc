#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/timeline_codec.h"
#include "controller/report/edge_instants.h"
#include "controller/report/expectation.h"
#include "controller/report/tcp_config.h"
#include "controller/report/verdict.h"
#include "controller/run/coordinator.h"

namespace faultline {
namespace {

// Those who have probed each other from then until now. Null: everybody everybody.
std::shared_ptr<const ProbePairs> AllAlong(const std::shared_ptr<const ProbePairs>& then,
                                           const std::shared_ptr<const ProbePairs>& now) {
  if (then == nullptr || then == now) return now;
  if (now == nullptr) return then;
  ProbePairs both;
  for (const auto& [node, peers] : *then) {
    const auto still = now->find(node);
    if (still == now->end()) continue;
    std::ranges::set_intersection(peers, still->second, std::inserter(both[node], both[node].end()));
  }
  return std::make_shared<const ProbePairs>(std::move(both));
}

// What became of the stage by waiting for it.
void SetWaiting(int number, const ActiveRun& run, v1::StageVerdict& verdict) {
  const v1::StageSchedule& schedule = run.record.schedule(number);
  if (schedule.has_held()) *verdict.mutable_held() = schedule.held();
  if (!schedule.has_observed_from()) return;
  // Unless the log had to forget what came after that, too.
  if (!verdict.has_observed_from()) *verdict.mutable_observed_from() = schedule.observed_from();
  *verdict.mutable_start() = schedule.start();
}

}  // namespace

void Coordinator::PlanProbes(ActiveRun& run) {
  std::vector<NodeGroup> groups;
  for (const v1::GroupMembers& group : run.record.groups()) {
    NodeGroup& members = groups.emplace_back();
    for (const std::string& node : group.nodes()) members.insert(NodeName(node));
  }
  run.probed_before = fleet_.Probed();
  fleet_.Cover(run.record.id(), std::move(groups));
  run.probed = fleet_.Probed();
  run.boundaries = PlanBoundaries(run.stages, {run.nodes, run.timelines, fleet_.probe_port(), run.probed.get()},
                                  run.timelines.begin()->second.seed);
  if (run.probed == nullptr) return;
  std::size_t probed = 0;
  ForEachProbed(run.nodes, run.probed.get(), [&probed](const ProbeNode&, const ProbeNode&, Family) { ++probed; });
  run.record.add_warnings(absl::StrCat("the fleet is too large for all its directions to be probed: ", probed, " of ",
                                       CountDirections(run.nodes), " are, sampled over all groups"));
}

void Coordinator::JudgeStages(ActiveRun& run, bool wait) {
  const Duration elapsed = Now() - *run.t0;
  while (static_cast<std::size_t>(run.record.stages_size()) < run.stages.size()) {
    const int number = run.record.stages_size();
    const Stage& stage = run.stages[static_cast<std::size_t>(number)];
    const Duration settled = stage.end + SettleTimeOf(stage, run);
    if (elapsed < settled) return;
    // Until then its last probes arrive.
    const std::vector<std::string> behind = Behind(run, *run.t0 + settled - kSettle);
    if (!behind.empty()) {
      if (wait && elapsed < settled + PatienceWith(run, stage)) return;
      run.record.add_warnings(absl::StrCat(stage.name, " was judged without all observations of ",
                                           absl::StrJoin(behind, ", "), ", which did not deliver them in time"));
    }
    v1::StageVerdict verdict = Judge(JudgedPart(number, run), run);
    SetWaiting(number, run, verdict);
    std::vector<std::string> active;
    for (const StepIndex step : stage.active) active.push_back(run.record.step_names(static_cast<int>(step)));
    JudgeExpectations(run.plan.expectations, active, verdict, run.record);
    // What changes at its beginning; of the first there was none before to change.
    if (number > 0) AddObservedTransitions(run.boundaries, stage.start, *run.t0, bursts_, probes_, run.record);
    *run.record.add_stages() = std::move(verdict);
    Changed(run);
  }
}

v1::StageVerdict Coordinator::Judge(const Stage& stage, const ActiveRun& run) const {
  const std::vector<NodeName> parties(run.parties.begin(), run.parties.end());
  const Evidence evidence = {.log = probes_,
                             .t0 = *run.t0,
                             .clock_error = fleet_.WorstRoundTrip(parties) / 2,
                             .baseline = run.Baseline(),
                             .tcp_log = &tcp_log_};
  const bool before_t0 = stage.start < Duration(0);
  const std::shared_ptr<const ProbePairs> probed =
      AllAlong(before_t0 ? run.probed_before : run.probed, fleet_.Probed());
  return JudgeStage(stage, {run.nodes, run.timelines, fleet_.probe_port(), probed.get(), run.tcp}, evidence);
}

Duration Coordinator::SettleTimeOf(const Stage& stage, const ActiveRun& run) {
  // An attempt at its end is answered within its timeout, or not at all.
  return SettleTime(stage, run.timelines) + (run.tcp.empty() ? Duration(0) : kTcpTimeout);
}

Stage Coordinator::JudgedPart(int number, const ActiveRun& run) const {
  Stage stage = run.stages[static_cast<std::size_t>(number)];
  // What was observed before T0 counts too, where the plan leaves the baseline too little time.
  if (number == 0) stage.start = std::min(stage.start, std::max(stage.end - kBaseline, AllProbedFrom(run)));
  const v1::StageSchedule& schedule = run.record.schedule(number);
  if (schedule.has_observed_from()) stage.start = DecodeDuration(schedule.observed_from()).value_or(stage.start);
  if (run.Waits() && static_cast<std::size_t>(number) == run.hold) stage.start = run.seen_from.value_or(stage.start);
  return stage;
}

Duration Coordinator::AllProbedFrom(const ActiveRun& run) const {
  // By then a node knows its peers and the controller's clock.
  constexpr Duration kGettingGoing = std::chrono::seconds(1);
  Duration from = Duration::min();
  for (const ProbeNode& node : run.nodes) {
    const auto joined = joined_.find(node.name);
    if (joined != joined_.end()) from = std::max(from, joined->second + kGettingGoing - *run.t0);
  }
  return from;
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
Duration Coordinator::PatienceWith(const ActiveRun& run, const Stage& stage) const {
  // What is remembered of the stage becomes less.
  const std::optional<ControllerTime> forgotten = probes_.forgotten();
  if (forgotten && *forgotten > *run.t0 + stage.start) return 2 * fleet_.LongestPause();
  if (run.record.on_controller_loss() == v1::CONTROLLER_LOSS_CONTINUE) return run.deadline - *run.t0;
  return std::max(DecodeDuration(run.record.lease()).value_or(options_.lease), 2 * fleet_.LongestPause());
}

}  // namespace faultline
