#include "controller/run/active_run.h"

#include <algorithm>
#include <cassert>

#include "absl/strings/str_cat.h"
#include "common/duration.h"
#include "common/hold.h"
#include "common/timeline_codec.h"
#include "controller/compile/assembler.h"
#include "controller/compile/describe.h"
#include "controller/plan/plan_yaml.h"
#include "controller/preview/make_preview.h"
#include "controller/report/run_words.h"
#include "controller/schedule/wall_time.h"

namespace faultline {
namespace {

void SetTimes(const Stage& stage, v1::StageSchedule& schedule) {
  schedule.set_name(stage.name);
  *schedule.mutable_start() = EncodeDuration(stage.start);
  *schedule.mutable_end() = EncodeDuration(stage.end);
}

}  // namespace

std::string WhyNotOn(const v1::Run& record) {
  if (record.on_controller_loss() != v1::CONTROLLER_LOSS_CONTINUE || record.nodes().empty()) return "";
  const ParsedPlan parsed = ParsePlan(record.plan_text());
  if (!parsed.errors.empty()) {
    return "the controller was restarted during the run, and can neither read its plan any more nor check its guards";
  }
  const auto guard = std::ranges::find_if(parsed.plan.guards, &Guard::abort);
  if (guard == parsed.plan.guards.end()) return "";
  return absl::StrCat("the controller was restarted during the run, and guard '", guard->name,
                      "' cannot be checked any more");
}

ActiveRun MakeActiveRun(RunRequest request, WallTime now, Duration lease) {
  ActiveRun run;
  v1::Run& record = run.record;
  record.set_plan_name(request.plan.name);
  record.set_plan_text(std::move(request.plan_text));
  record.set_file_name(std::move(request.file_name));
  record.set_state(v1::RUN_STATE_WAITING);
  record.set_seed(request.plan.seed);
  record.set_queue(request.queue);
  record.set_request_id(std::move(request.request_id));
  record.set_schedule_name(std::move(request.schedule_name));
  record.mutable_variables()->insert(request.plan.variables.begin(), request.plan.variables.end());
  record.set_controller_version(FAULTLINE_VERSION);
  *record.mutable_created() = EncodeWall(now);
  if (request.due) *record.mutable_due() = EncodeWall(*request.due);
  *record.mutable_lease() = EncodeDuration(lease);
  record.set_on_controller_loss(request.plan.on_controller_loss == ControllerLoss::kHeal
                                    ? v1::CONTROLLER_LOSS_HEAL
                                    : v1::CONTROLLER_LOSS_CONTINUE);
  if (const auto patience = request.plan.wait_verified) *record.mutable_wait_verified() = EncodeDuration(*patience);
  run.permit.starter = std::move(request.starter);
  run.due = request.due;
  run.passed = request.passed;
  run.plan = std::move(request.plan);
  return run;
}

absl::StatusOr<ActiveRun> RestoreWaiting(v1::Run record) {
  ParsedPlan parsed = ParsePlan(record.plan_text());
  if (!parsed.errors.empty()) return absl::InvalidArgumentError(JoinErrors(parsed.errors, record.file_name()));
  ActiveRun run;
  run.plan = std::move(parsed.plan);
  run.plan.wait_verified = PatienceOf(record);
  // One without a moment of its own was to begin at once.
  run.due = DecodeWall(record.has_due() ? record.due() : record.created());
  run.record = std::move(record);
  run.record.set_controller_version(FAULTLINE_VERSION);
  return run;
}

void SetCompiled(Compiled compiled, std::vector<ProbeNode> nodes, ActiveRun& run) {
  v1::Run& record = run.record;
  run.nodes = std::move(nodes);
  run.stages = StagesOf(compiled.timelines.front());
  for (const PlanStep& step : run.plan.steps) {
    record.add_step_names(step.name);
    record.add_step_effects(DescribeStep(BlankStep(step, 0)));
  }
  record.mutable_warnings()->Assign(compiled.warnings.begin(), compiled.warnings.end());
  for (const ResolvedGroup& group : compiled.groups) *record.add_groups() = EncodeGroup(group);
  for (Timeline& timeline : compiled.timelines) {
    timeline.run = RunId(record.id());
    const bool has_part =
        std::any_of(timeline.steps.begin(), timeline.steps.end(), [](const Step& step) { return !step.rules.empty(); });
    if (has_part) run.parties.insert(timeline.node);
    run.timelines[timeline.node] = std::move(timeline);
  }
  run.SetSchedule();
}

std::optional<Duration> PatienceOf(const v1::Run& record) {
  const absl::StatusOr<Duration> patience = DecodeDuration(record.wait_verified());
  return record.has_wait_verified() && patience.ok() ? std::optional(*patience) : std::nullopt;
}

void ActiveRun::SetSchedule() {
  const Timeline& timeline = timelines.begin()->second;
  *record.mutable_length() = EncodeDuration(timeline.length);
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const auto number = static_cast<int>(i);
    v1::StageSchedule& schedule =
        number < record.schedule_size() ? *record.mutable_schedule(number) : *record.add_schedule();
    SetTimes(stages[i], schedule);
    const Duration held = i < timeline.holds.size() ? stages[i].end - timeline.holds[i] : Duration(0);
    if (held > Duration(0)) *schedule.mutable_held() = EncodeDuration(held);
  }
}

bool ActiveRun::Waits() const { return !timelines.empty() && hold < timelines.begin()->second.holds.size(); }

Duration ActiveRun::Held() const { return stages[hold].end - timelines.begin()->second.holds[hold]; }

void ActiveRun::PutOff(Duration shift) {
  const Duration from = timelines.begin()->second.holds[hold];
  for (auto& [node, timeline] : timelines) Retime(hold, shift, timeline);
  stages = StagesOf(timelines.begin()->second);
  for (Boundary& boundary : boundaries) {
    if (boundary.at < from) continue;
    boundary.at += shift;
    boundary.start += shift;
  }
  observations.PutOff(from, shift);
  deadline += shift;
  dial_until += shift;
  SetSchedule();
}

v1::NodeRun& ActiveRun::PartOf(const NodeName& node) {
  const auto part =
      std::ranges::lower_bound(record.mutable_nodes()->begin(), record.mutable_nodes()->end(), node.text(), {},
                               [](const v1::NodeRun& candidate) -> const std::string& { return candidate.node(); });
  assert(part != record.mutable_nodes()->end() && part->node() == node.text());
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
    case RunPhase::kWaiting:
    case RunPhase::kCompiling:
    case RunPhase::kChecking:
      return false;
    case RunPhase::kArming:
    case RunPhase::kRunning:
      return true;
    case RunPhase::kReleasing:
    case RunPhase::kUnstored:
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

bool ActiveRun::AddForeignChange(const NodeName& node, const v1::ForeignChange& change) {
  v1::NodeRun& part = PartOf(node);
  if (part.foreign_changes_size() >= kMostForeignChanges) return false;
  for (const v1::ForeignChange& known : part.foreign_changes()) {
    if (known.SerializeAsString() == change.SerializeAsString()) return false;
  }
  *part.add_foreign_changes() = change;
  return true;
}

bool ActiveRun::SetOutcome(const NodeName& node, const v1::NodeOutcome& node_outcome) {
  v1::NodeRun& part = PartOf(node);
  if (part.has_outcome()) return false;
  *part.mutable_outcome() = node_outcome;
  if (!node_outcome.counters().empty()) part.clear_counters();
  return true;
}

void ActiveRun::GiveUpSilent() {
  for (v1::NodeRun& part : *record.mutable_nodes()) {
    if (part.has_outcome()) continue;
    part.mutable_outcome()->set_end(v1::NODE_END_VANISHED);
    const auto since = lost.find(NodeName(part.node()));
    if (since == lost.end()) continue;
    part.mutable_outcome()->set_detail(
        absl::StrCat("its session ended ", FormatDuration(std::chrono::floor<std::chrono::milliseconds>(since->second)),
                     " after T0"));
  }
}

std::string DescribeEnds(const v1::Run& run, v1::NodeEnd except) {
  std::string text;
  for (const v1::NodeRun& part : run.nodes()) {
    if (part.outcome().end() == except) continue;
    absl::StrAppend(&text, text.empty() ? "" : ", ", part.node(), " (", WordOf(part.outcome().end()));
    if (!part.outcome().detail().empty()) absl::StrAppend(&text, ": ", part.outcome().detail());
    absl::StrAppend(&text, ")");
  }
  return text;
}

}  // namespace faultline
