#include "controller/run/coordinator.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/duration.h"
#include "common/status.h"
#include "common/timeline_codec.h"
#include "controller/report/summary.h"
#include "controller/report/verdict.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Between the last armed answer and T0: time for the fire message to reach every node, with room for a lost packet.
constexpr Duration kLeastLead = milliseconds(500);
constexpr int kLeadRoundTrips = 4;
// Beyond the lease, before a silent node is given up: its own timers and the way here.
constexpr Duration kGivingUpAfterLease = seconds(2);
// Agents ping once a second.
constexpr Duration kLongestSilence = seconds(5);
constexpr Duration kIdleInterval = seconds(1);

google::protobuf::Timestamp EncodeWall(WallTime time) {
  return google::protobuf::util::TimeUtil::NanosecondsToTimestamp(time.time_since_epoch().count());
}

v1::NodeOutcome MakeOutcome(v1::NodeEnd end, const std::string& detail) {
  v1::NodeOutcome outcome;
  outcome.set_end(end);
  outcome.set_detail(detail);
  return outcome;
}

}  // namespace

Duration CoordinatorOptions::Heartbeat() const {
  return std::clamp<Duration>(lease / 8, milliseconds(100), seconds(2));
}

Coordinator::Coordinator(const Clock& clock, Fleet& fleet, RunStore& store, ProbeLog& probes,
                         CoordinatorOptions options)
    : clock_(clock), fleet_(fleet), store_(store), probes_(probes), options_(options), next_heartbeat_(clock.Now()) {}

absl::Status Coordinator::Recover() {
  FAULTLINE_ASSIGN_OR_RETURN(std::vector<v1::Run> unfinished, store_.Unfinished());
  const std::lock_guard lock(mutex_);
  for (v1::Run& record : unfinished) {
    ActiveRun run;
    run.phase = RunPhase::kRecovering;
    for (const v1::NodeRun& part : record.nodes()) run.parties.insert(NodeName(part.node()));
    Duration wait = DecodeDuration(record.lease()).value_or(kDefaultLease) + kGivingUpAfterLease;
    if (record.on_controller_loss() == v1::CONTROLLER_LOSS_CONTINUE && record.has_started()) {
      const Duration since = clock_.WallNow().time_since_epoch() -
                             Duration(google::protobuf::util::TimeUtil::TimestampToNanoseconds(record.started()));
      const Duration rest = DecodeDuration(record.length()).value_or(Duration(0)) - since;
      wait += std::max(rest, Duration(0));
    }
    run.deadline = Now() + wait;
    run.record = std::move(record);
    runs_[run.record.id()] = std::move(run);
  }
  return absl::OkStatus();
}

Compiled Coordinator::Preview(const Plan& plan, const Inventory& inventory, const RunId& run) const {
  return CompilePlan(plan, inventory, {.run = run, .lease = options_.lease});
}

absl::StatusOr<std::string> Coordinator::Begin(const Plan& plan, const std::string& plan_text,
                                               const std::string& file_name) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string id, store_.NewId(plan.name));
  const Inventory inventory = fleet_.Snapshot();
  Compiled compiled = Preview(plan, inventory, RunId(id));
  if (!compiled.errors.empty()) {
    return absl::InvalidArgumentError(JoinErrors(compiled.errors, file_name));
  }
  ActiveRun made = MakeActiveRun(id, plan, std::move(compiled), ProbeNodesOf(inventory), options_.lease);
  if (made.parties.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(file_name, ": no node has anything to do in this plan",
                                                   made.record.warnings().empty() ? "" : ": ",
                                                   absl::StrJoin(made.record.warnings(), "; ")));
  }
  const std::lock_guard lock(mutex_);
  ActiveRun& run = runs_[id] = std::move(made);
  run.record.set_plan_text(plan_text);
  *run.record.mutable_created() = EncodeWall(clock_.WallNow());
  run.deadline = Now() + options_.arm_patience;
  Changed(run);
  for (const NodeName& node : run.parties) {
    v1::SessionResponse message;
    *message.mutable_arm()->mutable_timeline() = EncodeTimeline(run.timelines.at(node));
    if (fleet_.Send(node, message)) continue;
    Release(run, v1::OUTCOME_REFUSED, absl::StrCat("node ", node.text(), " was lost before it could arm"));
    break;
  }
  return id;
}

absl::Status Coordinator::Abort(const std::string& run_id, v1::Outcome outcome, const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    if (ActiveRun* run = Find(run_id)) {
      Release(*run, outcome, reason);
      return absl::OkStatus();
    }
  }
  FAULTLINE_RETURN_IF_ERROR(store_.Get(run_id).status());
  return absl::FailedPreconditionError(absl::StrCat("run ", run_id, " is over already"));
}

std::vector<std::string> Coordinator::AbortAll(v1::Outcome outcome, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> ids;
  for (auto& [id, run] : runs_) {
    Release(run, outcome, reason);
    ids.push_back(id);
  }
  return ids;
}

std::vector<std::string> Coordinator::StopRuns() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> ids;
  for (auto& [id, run] : runs_) {
    if (run.record.on_controller_loss() == v1::CONTROLLER_LOSS_CONTINUE) continue;
    Release(run, v1::OUTCOME_INTERRUPTED, "the controller was stopped during the run");
    ids.push_back(id);
  }
  return ids;
}

absl::StatusOr<RunView> Coordinator::Await(const std::string& run_id, std::uint64_t seen, Duration patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [&] {
    const ActiveRun* run = Find(run_id);
    return shutdown_ || run == nullptr || run->version > seen;
  });
  if (const ActiveRun* run = Find(run_id)) {
    RunView view{.run = run->record, .elapsed = std::nullopt, .version = run->version, .over = false};
    if (run->t0) view.elapsed = Now() - *run->t0;
    return view;
  }
  lock.unlock();
  FAULTLINE_ASSIGN_OR_RETURN(v1::Run ended, store_.Get(run_id));
  return RunView{.run = std::move(ended), .elapsed = std::nullopt, .version = seen + 1, .over = true};
}

std::map<NodeName, std::vector<std::string>> Coordinator::RunsByNode() {
  const std::lock_guard lock(mutex_);
  std::map<NodeName, std::vector<std::string>> runs;
  for (const auto& [id, run] : runs_) {
    for (const NodeName& node : run.parties) runs[node].push_back(id);
  }
  return runs;
}

v1::StageVerdict Coordinator::Matrix() {
  const std::lock_guard lock(mutex_);
  std::vector<RunNow> now;
  for (const auto& [id, run] : runs_) {
    if (run.phase != RunPhase::kRunning) continue;
    now.push_back(
        {.timelines = &run.timelines, .active = run.ActiveAt(Now()), .t0 = *run.t0, .baseline = run.Baseline()});
  }
  // They were installed in the order in which they began.
  std::stable_sort(now.begin(), now.end(), [](const RunNow& a, const RunNow& b) { return a.t0 < b.t0; });
  return JudgeWindow(ProbeNodesOf(fleet_.Everyone()), fleet_.probe_port(), now, Now(),
                     fleet_.WorstRoundTrip(fleet_.ConnectedNodes()) / 2, probes_);
}

void Coordinator::OnJoin(const NodeName& node, const std::vector<std::string>& held_runs) {
  const std::lock_guard lock(mutex_);
  for (const std::string& id : held_runs) {
    const ActiveRun* run = Find(id);
    if (run == nullptr || !run->GoesOn()) SendRelease(node, id, "the controller does not run it any more");
  }
  for (auto& [id, run] : runs_) {
    const bool holds = std::find(held_runs.begin(), held_runs.end(), id) != held_runs.end();
    if (holds || !run.IsParty(node) || run.PartOf(node).has_outcome()) continue;
    // Either it ended there meanwhile, and the node's journal tells; or the agent is a new one, and knows nothing: ask.
    SendRelease(node, id, "is it still held?");
  }
  has_work_ = true;
  work_.notify_all();
}

void Coordinator::OnArmed(const NodeName& node, const v1::Armed& armed) {
  const std::lock_guard lock(mutex_);
  ActiveRun* run = FindParty(armed.run_id(), node);
  if (run == nullptr || run->phase != RunPhase::kArming) {
    SendRelease(node, armed.run_id(), "it was given up while the node armed");
    return;
  }
  run->armed.insert(node);
  if (run->armed.size() == run->parties.size()) Fire(*run);
}

void Coordinator::OnRefused(const NodeName& node, const v1::Refused& refused) {
  const std::lock_guard lock(mutex_);
  ActiveRun* run = FindParty(refused.run_id(), node);
  if (run == nullptr) return;
  const std::string reason = absl::StrCat("node ", node.text(), " refused: ", refused.reason());
  run->SetOutcome(node, MakeOutcome(v1::NODE_END_FAILED, refused.reason()));
  Release(*run, v1::OUTCOME_REFUSED, reason);
}

void Coordinator::OnStepEvent(const NodeName& node, const v1::StepEvent& event) {
  const std::lock_guard lock(mutex_);
  ActiveRun* run = FindParty(event.run_id(), node);
  if (run != nullptr && run->AddTransition(node, event.transition())) Changed(*run);
}

void Coordinator::OnRunEnd(const NodeName& node, const v1::NodeRunEnd& end) {
  const std::lock_guard lock(mutex_);
  ActiveRun* run = FindParty(end.run_id(), node);
  if (run != nullptr && run->SetOutcome(node, end.outcome())) Changed(*run);
}

void Coordinator::OnObservation(const NodeName& node, const v1::Observation& observation) {
  // A malformed report says nothing; its edges stay unknown, which no verdict takes for a success.
  probes_.Add(node, observation).IgnoreError();
}

void Coordinator::OnLeave(const NodeName& node) {
  const std::lock_guard lock(mutex_);
  Lost(node);
}

void Coordinator::Lost(const NodeName& node) {
  for (auto& [id, run] : runs_) {
    if (run.phase != RunPhase::kArming || !run.IsParty(node)) continue;
    Release(run, v1::OUTCOME_REFUSED, absl::StrCat("node ", node.text(), " was lost while arming"));
  }
}

MonotonicTime Coordinator::Advance() {
  const std::lock_guard lock(mutex_);
  const MonotonicTime now = clock_.Now();
  if (now >= next_heartbeat_) {
    for (const NodeName& node : fleet_.DropSilent(now - kLongestSilence)) Lost(node);
    SendHeartbeats();
    probes_.Trim(Now() - (runs_.empty() ? ProbeLog::kKeep : ProbeLog::kKeepForRun));
    next_heartbeat_ = now + options_.Heartbeat();
  }
  std::vector<std::string> ids;
  for (const auto& [id, run] : runs_) ids.push_back(id);
  for (const std::string& id : ids) AdvanceRun(runs_.at(id));
  // While runs go on, stages and deadlines are looked at often enough to be told within a blink.
  const MonotonicTime look = now + (runs_.empty() ? kIdleInterval : Duration(milliseconds(50)));
  return std::min(look, next_heartbeat_);
}

void Coordinator::WaitForWork(MonotonicTime until) {
  std::unique_lock lock(mutex_);
  work_.wait_until(lock, ToSteady(until), [this] { return shutdown_ || has_work_; });
  has_work_ = false;
}

void Coordinator::Shutdown() {
  const std::lock_guard lock(mutex_);
  shutdown_ = true;
  changed_.notify_all();
  work_.notify_all();
}

ControllerTime Coordinator::Now() const { return ControllerTime(clock_.Now().time_since_epoch()); }

ActiveRun* Coordinator::Find(const std::string& run_id) {
  const auto found = runs_.find(run_id);
  return found == runs_.end() ? nullptr : &found->second;
}

ActiveRun* Coordinator::FindParty(const std::string& run_id, const NodeName& node) {
  ActiveRun* run = Find(run_id);
  return run != nullptr && run->IsParty(node) ? run : nullptr;
}

void Coordinator::AdvanceRun(ActiveRun& run) {
  switch (run.phase) {
    case RunPhase::kArming:
      if (Now() >= run.deadline) {
        std::vector<std::string> silent;
        for (const NodeName& node : run.parties) {
          if (!run.armed.contains(node)) silent.push_back(node.text());
        }
        Release(run, v1::OUTCOME_REFUSED,
                absl::StrCat("no answer within ", FormatDuration(options_.arm_patience), " from ",
                             absl::StrJoin(silent, ", ")));
      }
      return;
    case RunPhase::kRunning:
      return AdvanceRunning(run);
    case RunPhase::kReleasing:
    case RunPhase::kRecovering:
      if (run.AllEnded() || Now() >= run.deadline) Conclude(run);
      return;
  }
}

void Coordinator::AdvanceRunning(ActiveRun& run) {
  JudgeStages(run);
  const Duration length = run.timelines.begin()->second.length;
  const bool observed = Now() >= *run.t0 + length + kSettle;
  const bool cut_short = !DescribeEnds(run.record, v1::NODE_END_COMPLETED).empty();
  if ((run.AllEnded() && (observed || cut_short)) || Now() >= run.deadline) Conclude(run);
}

void Coordinator::Fire(ActiveRun& run) {
  const std::vector<NodeName> parties(run.parties.begin(), run.parties.end());
  const Duration round_trip = fleet_.WorstRoundTrip(parties);
  run.t0 = Now() + std::max(kLeastLead, kLeadRoundTrips * round_trip);
  run.phase = RunPhase::kRunning;
  run.deadline = *run.t0 + run.timelines.begin()->second.length + options_.lease + kGivingUpAfterLease;
  run.record.set_state(v1::RUN_STATE_RUNNING);
  *run.record.mutable_started() = EncodeWall(clock_.WallNow() + (*run.t0 - Now()));
  for (const NodeName& node : parties) {
    *run.PartOf(node).mutable_clock_error() = EncodeDuration(fleet_.WorstRoundTrip({node}) / 2);
    v1::SessionResponse message;
    message.mutable_fire()->set_run_id(run.record.id());
    *message.mutable_fire()->mutable_t0() = EncodeDuration(run.t0->time_since_epoch());
    fleet_.Send(node, message);
  }
  Changed(run);
}

void Coordinator::JudgeStages(ActiveRun& run) {
  const Duration elapsed = Now() - *run.t0;
  while (static_cast<std::size_t>(run.record.stages_size()) < run.stages.size()) {
    Stage stage = run.stages[static_cast<std::size_t>(run.record.stages_size())];
    if (elapsed < stage.end + SettleTime(stage, run.timelines)) return;
    // What was observed before T0 counts too, where the plan leaves the baseline too little time.
    if (run.record.stages().empty()) stage.start = std::min(stage.start, stage.end - kBaseline);
    const std::vector<NodeName> parties(run.parties.begin(), run.parties.end());
    const Evidence evidence = {
        .log = probes_, .t0 = *run.t0, .clock_error = fleet_.WorstRoundTrip(parties) / 2, .baseline = run.Baseline()};
    v1::StageVerdict verdict = JudgeStage(stage, {run.nodes, run.timelines, fleet_.probe_port()}, evidence);
    *run.record.add_stages() = std::move(verdict);
    Changed(run);
  }
}

void Coordinator::Release(ActiveRun& run, v1::Outcome outcome, const std::string& reason) {
  if (run.phase == RunPhase::kReleasing) return;
  run.phase = RunPhase::kReleasing;
  run.outcome = outcome;
  run.record.set_summary(reason);
  run.deadline = Now() + DecodeDuration(run.record.lease()).value_or(options_.lease) + kGivingUpAfterLease;
  for (const NodeName& node : run.parties) SendRelease(node, run.record.id(), reason);
  Changed(run);
}

void Coordinator::SendRelease(const NodeName& node, const std::string& run_id, const std::string& reason) {
  v1::SessionResponse message;
  message.mutable_release()->set_run_id(run_id);
  message.mutable_release()->set_reason(reason);
  fleet_.Send(node, message);
}

// Moves a run from the active to the stored ones.
void Coordinator::Conclude(ActiveRun& run) {
  run.GiveUp(v1::NODE_END_VANISHED, "");
  v1::Run& record = run.record;
  if (run.phase == RunPhase::kRunning) {
    JudgeUnseen(run.stages, record);
    const std::string ends = DescribeEnds(record, v1::NODE_END_COMPLETED);
    const bool agrees = static_cast<std::size_t>(record.stages_size()) == run.stages.size() &&
                        std::all_of(record.stages().begin(), record.stages().end(),
                                    [](const v1::StageVerdict& stage) { return stage.agrees(); });
    record.set_outcome(agrees && ends.empty() ? v1::OUTCOME_VERIFIED : v1::OUTCOME_NOT_VERIFIED);
    record.set_summary(ends.empty() ? Summarize(record.stages())
                                    : absl::StrCat("not every node came to the end: ", ends));
  } else if (run.phase == RunPhase::kRecovering) {
    const std::string ends = DescribeEnds(record, v1::NODE_END_UNSPECIFIED);
    record.set_outcome(v1::OUTCOME_INTERRUPTED);
    record.set_summary(absl::StrCat("the controller was restarted during the run; ", ends));
  } else {
    record.set_outcome(run.outcome);
  }
  record.set_state(v1::RUN_STATE_ENDED);
  *record.mutable_ended() = EncodeWall(clock_.WallNow());
  Store(run);
  runs_.erase(std::string(record.id()));
  changed_.notify_all();
}

void Coordinator::SendHeartbeats() {
  std::map<NodeName, v1::SessionResponse> messages;
  for (const NodeName& node : fleet_.ConnectedNodes()) messages[node].mutable_heartbeat();
  for (const auto& [id, run] : runs_) {
    if (!run.GoesOn()) continue;
    for (const NodeName& node : run.parties) {
      const auto message = messages.find(node);
      if (message != messages.end()) message->second.mutable_heartbeat()->add_run_ids(id);
    }
  }
  for (auto& [node, message] : messages) {
    *message.mutable_heartbeat()->mutable_controller_sent() = EncodeDuration(Now().time_since_epoch());
    fleet_.Send(node, message);
  }
}

void Coordinator::Changed(ActiveRun& run) {
  ++run.version;
  Store(run);
  has_work_ = true;
  changed_.notify_all();
  work_.notify_all();
}

void Coordinator::Store(const ActiveRun& run) {
  // A full disk must not stop a heal: the run goes on in memory, and the next change tries again.
  store_.Put(run.record).IgnoreError();
}

}  // namespace faultline
