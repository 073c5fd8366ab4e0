#include "controller/run/active_run.h"

#include <algorithm>
#include <cassert>

#include "absl/strings/str_cat.h"
#include "common/timeline_codec.h"
#include "controller/compile/assembler.h"
#include "controller/compile/describe.h"

namespace faultline {
namespace {

absl::string_view EndWords(v1::NodeEnd end) {
  switch (end) {
    case v1::NODE_END_COMPLETED:
      return "completed";
    case v1::NODE_END_RELEASED:
      return "released";
    case v1::NODE_END_LEASE_LOST:
      return "healed when its lease ran out";
    case v1::NODE_END_SHUTDOWN:
      return "healed when its agent was stopped";
    case v1::NODE_END_LOCAL_HEAL:
      return "healed by hand on the node";
    case v1::NODE_END_FAILED:
      return "failed";
    case v1::NODE_END_UNKNOWN_RUN:
      return "did not hold it";
    case v1::NODE_END_VANISHED:
      return "vanished";
    default:
      return "unknown";
  }
}

v1::StageSchedule EncodeSchedule(const Stage& stage) {
  v1::StageSchedule schedule;
  schedule.set_name(stage.name);
  *schedule.mutable_start() = EncodeDuration(stage.start);
  *schedule.mutable_end() = EncodeDuration(stage.end);
  return schedule;
}

}  // namespace

ActiveRun MakeActiveRun(const std::string& id, const Plan& plan, Compiled compiled, std::vector<ProbeNode> nodes,
                        Duration lease) {
  ActiveRun run;
  run.nodes = std::move(nodes);
  run.stages = StagesOf(compiled.timelines.front());
  v1::Run& record = run.record;
  record.set_id(id);
  record.set_plan_name(plan.name);
  record.set_state(v1::RUN_STATE_ARMING);
  record.set_seed(plan.seed);
  *record.mutable_lease() = EncodeDuration(lease);
  record.set_on_controller_loss(plan.on_controller_loss == ControllerLoss::kHeal ? v1::CONTROLLER_LOSS_HEAL
                                                                                 : v1::CONTROLLER_LOSS_CONTINUE);
  *record.mutable_length() = EncodeDuration(compiled.timelines.front().length);
  for (const PlanStep& step : plan.steps) {
    record.add_step_names(step.name);
    record.add_step_effects(DescribeStep(BlankStep(step, 0)));
  }
  for (const std::string& warning : compiled.warnings) record.add_warnings(warning);
  for (const Stage& stage : run.stages) *record.add_schedule() = EncodeSchedule(stage);
  for (Timeline& timeline : compiled.timelines) {
    const bool has_part =
        std::any_of(timeline.steps.begin(), timeline.steps.end(), [](const Step& step) { return !step.rules.empty(); });
    if (has_part) {
      run.parties.insert(timeline.node);
      record.add_nodes()->set_node(timeline.node.text());
    }
    run.timelines[timeline.node] = std::move(timeline);
  }
  return run;
}

v1::NodeRun& ActiveRun::PartOf(const NodeName& node) {
  const auto part = std::find_if(record.mutable_nodes()->begin(), record.mutable_nodes()->end(),
                                 [&node](const v1::NodeRun& candidate) { return candidate.node() == node.text(); });
  assert(part != record.mutable_nodes()->end());
  return *part;
}

std::vector<StepIndex> ActiveRun::ActiveAt(ControllerTime now) const {
  const auto stage = std::find_if(stages.begin(), stages.end(), [&](const Stage& candidate) {
    return candidate.start <= now - *t0 && now - *t0 < candidate.end;
  });
  return stage == stages.end() ? std::vector<StepIndex>() : stage->active;
}

const v1::StageVerdict* ActiveRun::Baseline() const { return record.stages().empty() ? nullptr : &record.stages(0); }

bool ActiveRun::GoesOn() const {
  switch (phase) {
    case RunPhase::kArming:
    case RunPhase::kRunning:
      return true;
    case RunPhase::kReleasing:
      return false;
    case RunPhase::kRecovering:
      return record.on_controller_loss() == v1::CONTROLLER_LOSS_CONTINUE;
  }
  return false;
}

bool ActiveRun::AllEnded() const {
  return std::all_of(record.nodes().begin(), record.nodes().end(),
                     [](const v1::NodeRun& part) { return part.has_outcome(); });
}

bool ActiveRun::AddTransition(const NodeName& node, const v1::StepTransition& transition) {
  v1::NodeRun& part = PartOf(node);
  for (const v1::StepTransition& known : part.transitions()) {
    if (known.step() == transition.step() && known.transition() == transition.transition()) return false;
  }
  *part.add_transitions() = transition;
  return true;
}

bool ActiveRun::SetOutcome(const NodeName& node, const v1::NodeOutcome& node_outcome) {
  v1::NodeRun& part = PartOf(node);
  if (part.has_outcome()) return false;
  *part.mutable_outcome() = node_outcome;
  return true;
}

void ActiveRun::GiveUp(v1::NodeEnd end, const std::string& detail) {
  for (v1::NodeRun& part : *record.mutable_nodes()) {
    if (part.has_outcome()) continue;
    part.mutable_outcome()->set_end(end);
    part.mutable_outcome()->set_detail(detail);
  }
}

std::string DescribeEnds(const v1::Run& run, v1::NodeEnd except) {
  std::string text;
  for (const v1::NodeRun& part : run.nodes()) {
    if (part.outcome().end() == except) continue;
    absl::StrAppend(&text, text.empty() ? "" : ", ", part.node(), " (", EndWords(part.outcome().end()));
    if (!part.outcome().detail().empty()) absl::StrAppend(&text, ": ", part.outcome().detail());
    absl::StrAppend(&text, ")");
  }
  return text;
}

}  // namespace faultline
