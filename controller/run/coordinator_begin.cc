#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/duration.h"
#include "common/hold.h"
#include "common/status.h"
#include "common/timeline_codec.h"
#include "controller/run/coordinator.h"
#include "controller/schedule/wall_time.h"

namespace faultline {
namespace {

// What compiling calls a run that has no number yet.
RunId Provisional(const Plan& plan) { return RunId(absl::StrCat(plan.name, "-0")); }

std::set<NodeName> PartiesOf(const Compiled& compiled) {
  std::set<NodeName> parties;
  for (const Timeline& timeline : compiled.timelines) {
    if (std::ranges::any_of(timeline.steps, [](const Step& step) { return !step.rules.empty(); })) {
      parties.insert(timeline.node);
    }
  }
  return parties;
}

// Why a plan that was compiled cannot be run; empty when it can.
std::string WhyNot(const Compiled& compiled, const std::string& file_name) {
  if (!compiled.errors.empty()) return JoinErrors(compiled.errors, file_name);
  if (!PartiesOf(compiled).empty()) return "";
  return absl::StrCat(file_name, ": no node has anything to do in this plan", compiled.warnings.empty() ? "" : ": ",
                      absl::StrJoin(compiled.warnings, "; "));
}

// `down`: its moment was before this process.
std::string WhyLate(const ActiveRun& run, bool down) {
  std::string text =
      !run.record.has_due()
          ? std::string("the controller was down while it waited for other runs, or to be approved")
          : absl::StrCat("its moment, ", FormatWall(*run.due), ", passed while the controller was ",
                         down ? "down" : absl::StrCat("held up, for more than ", FormatDuration(kMostLate)));
  if (run.passed > 0) absl::StrAppend(&text, "; so did ", run.passed, " of its schedule before that");
  return text;
}

// Between a request and the one that made this run; empty: nothing.
absl::string_view WhatDiffers(const RunRequest& request, const v1::Run& run) {
  const std::optional<WallTime> due = run.has_due() ? std::optional(DecodeWall(run.due())) : std::nullopt;
  if (run.plan_text() != request.plan_text) return "for another plan";
  if (due != request.due) return "for another moment";
  if (run.queue() != request.queue) return "with another --queue";
  return PatienceOf(run) != request.plan.wait_verified ? "with another --wait-verified" : "";
}

// For the audit log; empty: at once.
std::string WhenOf(const ActiveRun& run) {
  const std::string& schedule = run.record.schedule_name();
  return absl::StrCat(run.due ? absl::StrCat("to begin at ", FormatWall(*run.due)) : "",
                      schedule.empty() ? "" : absl::StrCat(", of schedule '", schedule, "'"));
}

void RecordNames(const LookedUp& names, v1::Run& run) {
  run.clear_names();
  for (const auto& [name, addresses] : names) {
    v1::ResolvedName& resolved = *run.add_names();
    resolved.set_name(name);
    for (const IpAddress& address : addresses) resolved.add_addresses(address.ToString());
  }
}

void SetVersions(const v1::NodeInfo& node, v1::NodeRun& part) {
  part.set_agent_version(node.agent_version());
  part.set_kernel_release(node.capabilities().kernel_release());
}

}  // namespace

absl::Status Coordinator::CheckRequest(const RunRequest& request) const {
  FAULTLINE_RETURN_IF_ERROR(CheckRequestId(request.request_id));
  // Of a schedule there has to be a record.
  if (!options_.allow_commands && request.schedule_name.empty()) {
    FAULTLINE_RETURN_IF_ERROR(CheckNoCommands(request.plan, request.file_name));
  }
  if (const auto patience = request.plan.wait_verified) {
    const absl::Status status = CheckPatience(*patience, request.plan.on_controller_loss);
    if (!status.ok()) return absl::InvalidArgumentError(absl::StrCat("--wait-verified ", status.message()));
  }
  const WallTime now = clock_.WallNow();
  if (request.due && request.schedule_name.empty() && now - *request.due > kMostLate) {
    return absl::InvalidArgumentError(
        absl::StrCat("the run was to begin at ", FormatWall(*request.due), ", but it is ", FormatWall(now), " now"));
  }
  if (request.due) return absl::OkStatus();
  if (const auto frozen = freezes_.At(now)) {
    return absl::FailedPreconditionError(absl::StrCat("nothing may begin now: ", frozen->ToString()));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::string>> Coordinator::MadeBefore(const RunRequest& request) {
  if (request.request_id.empty()) return std::optional<std::string>();
  FAULTLINE_ASSIGN_OR_RETURN(const std::optional<v1::Run> run, store_.FindRequest(request.request_id));
  if (!run) return std::optional<std::string>();
  const absl::string_view changed = WhatDiffers(request, *run);
  if (changed.empty()) return std::optional<std::string>(run->id());
  return absl::FailedPreconditionError(
      absl::StrCat("the request id '", request.request_id, "' was used ", changed, ", in run ", run->id()));
}

absl::StatusOr<std::string> Coordinator::Begin(RunRequest request) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::optional<std::string> before, MadeBefore(request));
  if (before) return *before;
  FAULTLINE_RETURN_IF_ERROR(CheckRequest(request));
  const bool at_once = !request.due && NamesOf(request.plan).empty();
  const Inventory inventory = fleet_.Snapshot();
  Compiled compiled;
  if (at_once) {
    compiled = Preview(request.plan, inventory, Provisional(request.plan));
    const std::string why = WhyNot(compiled, request.file_name);
    if (!why.empty()) return absl::InvalidArgumentError(why);
    const Decision decision = Decide(request.starter, request.plan, compiled, inventory);
    if (decision.kind == Decision::Kind::kRefused) return absl::PermissionDeniedError(decision.reason);
  }
  const std::lock_guard lock(mutex_);
  if (stopping_) return absl::FailedPreconditionError("the controller is stopping; nothing begins any more");
  // Sent twice at a time, the other may have been quicker.
  FAULTLINE_ASSIGN_OR_RETURN(const std::optional<std::string> meanwhile, MadeBefore(request));
  if (meanwhile) return *meanwhile;
  FAULTLINE_ASSIGN_OR_RETURN(ActiveRun * run, Accept(std::move(request), PartiesOf(compiled)));
  const std::string id = run->record.id();
  if (at_once) OnCompiled(*run, std::move(compiled), inventory);
  return id;
}

absl::StatusOr<ActiveRun*> Coordinator::Accept(RunRequest request, const std::set<NodeName>& parties) {
  const Conflicts conflicts = ConflictsOf("", parties);
  if (!conflicts.empty() && !request.queue) {
    return absl::FailedPreconditionError(absl::StrCat(Describe(conflicts), "; wait until it is over, or use --queue"));
  }
  FAULTLINE_ASSIGN_OR_RETURN(const std::string id, store_.NewId(request.plan.name));
  FAULTLINE_RETURN_IF_ERROR(CheckName(id, "run id"));
  ActiveRun made = MakeActiveRun(std::move(request), clock_.WallNow(), options_.lease);
  made.record.set_id(id);
  FAULTLINE_RETURN_IF_ERROR(Audit(made, made.permit.starter, "start a run", AuditDecision::kAllowed, WhenOf(made)));
  FAULTLINE_RETURN_IF_ERROR(permits_.Put(PermitStore::OfRun(id), made.permit));
  made.order = ++last_order_;
  // One that begins at once and is not to wait is not taken up by a later process.
  if (!made.due && conflicts.empty()) made.record.set_state(v1::RUN_STATE_ARMING);
  // What is not stored was not accepted.
  FAULTLINE_RETURN_IF_ERROR(store_.Put(made.record));
  ActiveRun& run = runs_[id] = std::move(made);
  if (run.record.state() == v1::RUN_STATE_WAITING) TellWaiting(run);
  Wake();
  return &run;
}

// Runs that came later and still wait do not count, nor while they are compiled again: two that wait for each other
// would never begin.
Conflicts Coordinator::ConflictsOf(const std::string& run_id, const std::set<NodeName>& parties) const {
  Conflicts conflicts;
  const auto self = runs_.find(run_id);
  for (const auto& [id, other] : runs_) {
    if (id == run_id || !other.Claims()) continue;
    const bool begun = other.phase != RunPhase::kWaiting && other.phase != RunPhase::kCompiling;
    if (self != runs_.end() && !begun && other.order > self->second.order) continue;
    std::set<NodeName> common;
    std::ranges::set_intersection(parties, other.parties, std::inserter(common, common.end()));
    if (!common.empty()) conflicts[id] = std::move(common);
  }
  return conflicts;
}

bool Coordinator::Missed(ActiveRun& run, WallTime now) {
  if (!run.due || run.came_in_time) return false;
  const bool down = *run.due < began_wall_;
  if (!down && now - *run.due <= kMostLate) return false;
  Release(run, v1::OUTCOME_MISSED, WhyLate(run, down));
  return true;
}

void Coordinator::AdvanceWaiting(ActiveRun& run) {
  const WallTime now = clock_.WallNow();
  if (stopping_ || (run.due && now < *run.due) || Missed(run, now)) return;
  if (run.approval_until && !Approved(run)) return;
  run.came_in_time = true;
  // A person who is there sees the fleet; a moment does not.
  if (run.due && clock_.Now() < began_ + options_.settling) return;
  const auto is_on = [this](const std::string& id) {
    const auto found = runs_.find(id);
    return found != runs_.end() && found->second.phase != RunPhase::kUnstored;
  };
  if (std::ranges::any_of(run.waits_for, is_on)) return;
  if (const auto frozen = freezes_.At(now)) {
    return Release(run, v1::OUTCOME_MISSED, absl::StrCat("its moment fell into ", frozen->ToString()));
  }
  if (!options_.allow_commands) {
    const absl::Status allowed = CheckNoCommands(run.plan, run.record.file_name());
    if (!allowed.ok()) return Release(run, v1::OUTCOME_REFUSED, std::string(allowed.message()));
  }
  StartCompiling(run);
}

void Coordinator::StartCompiling(ActiveRun& run) {
  run.phase = RunPhase::kCompiling;
  run.compiling_since = Now();
  run.record.set_state(v1::RUN_STATE_ARMING);
  Changed(run);
  host_.LookUp(NamesOf(run.plan),
               [this, id = run.record.id()](const absl::StatusOr<LookedUp>& names) { OnLookedUp(id, names); });
}

// On a thread of the host work's, so that the lock is not held while a large plan is compiled.
void Coordinator::OnLookedUp(const std::string& run_id, const absl::StatusOr<LookedUp>& names) {
  Plan plan;
  {
    const std::lock_guard lock(mutex_);
    ActiveRun* run = Find(run_id);
    if (run == nullptr || run->phase != RunPhase::kCompiling) return;
    if (run->due && Now() - run->compiling_since > kMostLate) {
      return Release(*run, v1::OUTCOME_MISSED,
                     absl::StrCat("looking up its names took longer than ", FormatDuration(kMostLate)));
    }
    if (!names.ok()) return Release(*run, v1::OUTCOME_REFUSED, std::string(names.status().message()));
    RecordNames(*names, run->record);
    // Its own plan stays as it was asked for: it may have to be compiled again, by then with other addresses.
    plan = run->plan;
  }
  AddAddresses(*names, plan);
  const Inventory inventory = fleet_.Snapshot();
  Compiled compiled = Preview(plan, inventory, RunId(run_id));
  const std::lock_guard lock(mutex_);
  ActiveRun* run = Find(run_id);
  if (run == nullptr || run->phase != RunPhase::kCompiling) return;
  const std::string why = WhyNot(compiled, run->record.file_name());
  if (!why.empty()) return Release(*run, v1::OUTCOME_REFUSED, why);
  OnCompiled(*run, std::move(compiled), inventory);
}

void Coordinator::OnCompiled(ActiveRun& run, Compiled compiled, const Inventory& inventory) {
  run.waits_for.clear();
  if (!Permitted(run, compiled, inventory)) return;
  const std::set<NodeName> parties = PartiesOf(compiled);
  const Conflicts conflicts = ConflictsOf(run.record.id(), parties);
  if (conflicts.empty()) {
    if (AuditBeginning(run)) StartChecking(run, std::move(compiled), inventory);
    return;
  }
  if (!run.record.queue()) {
    return Release(run, v1::OUTCOME_REFUSED, absl::StrCat(Describe(conflicts), ", and it is not to queue"));
  }
  for (const auto& [id, nodes] : conflicts) run.waits_for.insert(id);
  run.parties = parties;
  run.came_in_time = true;
  run.phase = RunPhase::kWaiting;
  run.record.set_state(v1::RUN_STATE_WAITING);
  run.record.set_summary(absl::StrCat("waits: ", Describe(conflicts)));
  TellWaiting(run);
  Changed(run);
}

void Coordinator::StartChecking(ActiveRun& run, Compiled compiled, const Inventory& inventory) {
  SetCompiled(std::move(compiled), ProbeNodesOf(inventory), run);
  FindConnections(run);
  const std::string& second = run.permit.approved_by;
  if (!second.empty()) {
    run.record.add_warnings(absl::StrCat("started by '", run.permit.starter.name, "', approved by '", second, "'"));
  }
  run.phase = RunPhase::kChecking;
  run.record.set_state(v1::RUN_STATE_ARMING);
  run.record.clear_summary();
  run.guards = GuardWatch(run.plan.guards);
  run.observations = ObservationWatch(run.plan);
  Duration patience = run.observations.LongestTimeout();
  for (const Guard& guard : run.plan.guards) patience = std::max(patience, guard.timeout);
  run.deadline = Now() + patience + options_.arm_patience;
  Changed(run);
  LaunchChecks(run);
  LaunchObservations(run, run.observations.TakeFirst());
  ArmWhenSteady(run);
}

void Coordinator::Arm(ActiveRun& run) {
  run.phase = RunPhase::kArming;
  run.guards.Arm();
  run.beats_from = Now() + options_.Heartbeat();
  run.sent = true;
  for (const NodeName& node : run.parties) run.record.add_nodes()->set_node(node.text());
  for (const v1::Node& node : fleet_.Nodes()) {
    const NodeName name(node.info().name());
    if (run.IsParty(name)) SetVersions(node.info(), run.PartOf(name));
  }
  Changed(run);
  for (const NodeName& node : run.parties) {
    v1::SessionResponse message;
    *message.mutable_arm()->mutable_timeline() = EncodeTimeline(run.timelines.at(node));
    if (fleet_.Send(node, message)) continue;
    return Release(run, v1::OUTCOME_REFUSED, absl::StrCat("node ", node.text(), " was lost before it could arm"));
  }
  // Meanwhile they arm.
  PlanProbes(run);
  run.deadline = Now() + options_.arm_patience;
  StartDialling(run);
  Noted(run);
}

}  // namespace faultline
