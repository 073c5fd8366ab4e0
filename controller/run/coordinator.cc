#include "controller/run/coordinator.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/session_pace.h"
#include "common/status.h"
#include "common/timeline_codec.h"
#include "controller/report/verdict.h"
#include "controller/run/waits.h"
#include "controller/schedule/wall_time.h"

namespace faultline {
namespace {

// Of a large fleet a record has tens of megabytes, and every node has several things to tell: between two writings of
// what was noted there are so many times as long as one took.
constexpr int kStoreRest = 20;

// Of a run that is over and stored: nothing comes after it.
constexpr std::uint64_t kLastVersion = std::numeric_limits<std::uint64_t>::max();

// A run that an earlier process had begun.
ActiveRun MakeRecovering(v1::Run record, WallTime now, ControllerTime controller_now) {
  ActiveRun run;
  run.phase = RunPhase::kRecovering;
  run.sent = true;
  for (const v1::NodeRun& part : record.nodes()) run.parties.insert(NodeName(part.node()));
  Duration wait = DecodeDuration(record.lease()).value_or(kDefaultLease) + kGivingUpAfterLease;
  if (record.on_controller_loss() == v1::CONTROLLER_LOSS_CONTINUE && record.has_started()) {
    const Duration rest = DecodeDuration(record.length()).value_or(Duration(0)) - (now - DecodeWall(record.started()));
    wait += std::max(rest, Duration(0));
  }
  run.deadline = controller_now + wait;
  run.record = std::move(record);
  return run;
}

}  // namespace

Duration CoordinatorOptions::Heartbeat() const { return HeartbeatOf(lease); }

Coordinator::Coordinator(const CoordinatorParts& parts, CoordinatorOptions options)
    : clock_(parts.clock),
      fleet_(parts.fleet),
      store_(parts.store),
      probes_(parts.probes),
      host_(parts.host),
      freezes_(parts.freezes),
      events_(parts.events),
      policy_(parts.policy),
      permits_(parts.permits),
      role_of_(parts.role_of),
      audit_(parts.audit),
      options_(std::move(options)),
      tcp_log_(parts.probes.window()),
      next_heartbeat_(parts.clock.Now()),
      began_(parts.clock.Now()),
      began_wall_(parts.clock.WallNow()) {}

absl::Status Coordinator::Recover() {
  FAULTLINE_ASSIGN_OR_RETURN(std::vector<v1::Run> unfinished, store_.Unfinished());
  const std::lock_guard lock(mutex_);
  for (v1::Run& record : unfinished) {
    const std::string id = record.id();
    if (record.state() != v1::RUN_STATE_WAITING) {
      ActiveRun& run = runs_[id] = MakeRecovering(std::move(record), clock_.WallNow(), Now());
      const std::string why = WhyNotOn(run.record);
      // Its nodes carry on until they are told, which may be as late as its own end.
      const ControllerTime deadline = run.deadline;
      if (run.record.state() == v1::RUN_STATE_ENDING) {
        Release(run, run.record.outcome(), std::string(run.record.summary()));
      } else if (!why.empty()) {
        Release(run, v1::OUTCOME_INTERRUPTED, why);
      }
      run.deadline = deadline;
      continue;
    }
    absl::StatusOr<ActiveRun> waiting = RestoreWaiting(record);
    if (!waiting.ok()) {
      ActiveRun& run = runs_[id];
      run.record = std::move(record);
      Release(run, v1::OUTCOME_REFUSED, std::string(waiting.status().message()));
      continue;
    }
    FAULTLINE_ASSIGN_OR_RETURN(waiting->permit, PermitOf(waiting->record));
    waiting->order = ++last_order_;
    runs_[id] = *std::move(waiting);
  }
  return absl::OkStatus();
}

Compiled Coordinator::Preview(const Plan& plan, const Inventory& inventory, const RunId& run) const {
  return CompilePlan(plan, inventory,
                     {.run = run, .lease = options_.lease, .controller_addresses = options_.addresses});
}

absl::Status Coordinator::Abort(const std::string& run_id, v1::Outcome outcome, const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    ActiveRun* run = Find(run_id);
    if (run != nullptr && run->phase != RunPhase::kUnstored) {
      Release(*run, outcome, reason);
      return absl::OkStatus();
    }
  }
  FAULTLINE_RETURN_IF_ERROR(store_.Get(run_id).status());
  return absl::FailedPreconditionError(absl::StrCat("run ", run_id, " is over already"));
}

std::vector<std::string> Coordinator::AbortAll(v1::Outcome outcome, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  std::vector<ActiveRun*> ending;
  for (auto& [id, run] : runs_) {
    const bool queued = run.phase == RunPhase::kWaiting && (!run.due || !run.waits_for.empty() || run.came_in_time);
    if (run.IsUnderWay() || queued) ending.push_back(&run);
  }
  return ReleaseAll(ending, outcome, reason);
}

std::vector<std::string> Coordinator::StopRuns() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  std::vector<ActiveRun*> ending;
  for (auto& [id, run] : runs_) {
    const bool fired = run.phase == RunPhase::kRunning || run.phase == RunPhase::kRecovering;
    if (fired && run.record.on_controller_loss() == v1::CONTROLLER_LOSS_CONTINUE) continue;
    if (run.IsUnderWay()) ending.push_back(&run);
  }
  return ReleaseAll(ending, v1::OUTCOME_INTERRUPTED, "the controller was stopped during the run");
}

absl::StatusOr<RunView> Coordinator::Await(const std::string& run_id, std::uint64_t seen, Duration patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [&] {
    const ActiveRun* run = Find(run_id);
    return shutdown_ || run == nullptr || run->version > seen;
  });
  if (const ActiveRun* run = Find(run_id)) {
    const bool over = run->phase == RunPhase::kUnstored;
    RunView view{.run = run->record, .elapsed = std::nullopt, .version = run->version, .over = over};
    if (run->t0 && !over) view.elapsed = Now() - *run->t0;
    return view;
  }
  lock.unlock();
  FAULTLINE_ASSIGN_OR_RETURN(v1::Run ended, store_.Get(run_id));
  return RunView{.run = std::move(ended), .elapsed = std::nullopt, .version = kLastVersion, .over = true};
}

absl::StatusOr<std::optional<v1::Run>> Coordinator::AwaitPoint(const std::string& run_id, RunPoint point,
                                                               Duration patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [&] {
    const ActiveRun* run = Find(run_id);
    return shutdown_ || run == nullptr || HasReached(*run, point);
  });
  if (const ActiveRun* run = Find(run_id)) {
    return HasReached(*run, point) ? std::optional(run->record) : std::nullopt;
  }
  lock.unlock();
  return store_.Get(run_id);
}

bool Coordinator::HasReached(const ActiveRun& run, RunPoint point) const {
  if (run.phase == RunPhase::kUnstored) return true;
  switch (point) {
    case RunPoint::kBegun:
      return run.record.state() == v1::RUN_STATE_RUNNING || run.record.state() == v1::RUN_STATE_WAITING;
    case RunPoint::kHealed:
      return OnlyObserves(run);
  }
  return false;
}

std::map<NodeName, std::vector<std::string>> Coordinator::RunsByNode() {
  const std::lock_guard lock(mutex_);
  std::map<NodeName, std::vector<std::string>> runs;
  for (const auto& [id, run] : runs_) {
    if (!run.sent || !run.IsUnderWay()) continue;
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
                     fleet_.WorstRoundTrip(fleet_.ConnectedNodes()) / 2, probes_, fleet_.Probed().get(),
                     fleet_.LongestPause());
}

void Coordinator::WaitForWork(MonotonicTime until) {
  std::unique_lock lock(mutex_);
  work_.wait_until(lock, ToSteady(rest_until_), [this] { return shutdown_; });
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
  return run != nullptr && run->IsUnderWay() && run->IsParty(node) ? run : nullptr;
}

bool Coordinator::AnyBegun() const {
  return std::ranges::any_of(runs_, [](const auto& entry) { return entry.second.IsUnderWay(); });
}

bool Coordinator::AnyNeedsHeartbeats() const {
  const ControllerTime now = Now();
  return std::ranges::any_of(runs_, [now](const auto& entry) {
    const ActiveRun& run = entry.second;
    return run.sent && run.IsUnderWay() && now >= run.beats_from;
  });
}

void Coordinator::Changed(ActiveRun& run) {
  ++run.version;
  Store(run);
  Wake();
}

void Coordinator::Noted(ActiveRun& run) {
  ++run.version;
  run.noted = true;
  StoreNoted(run);
  Wake();
}

void Coordinator::StoreNoted(ActiveRun& run) {
  if (run.noted && Now() >= run.next_store) Store(run);
}

void Coordinator::Wake() {
  has_work_ = true;
  changed_.notify_all();
  work_.notify_all();
}

void Coordinator::Store(ActiveRun& run) {
  const ControllerTime began = Now();
  const bool moved_on = run.record.state() != run.stored;
  // A full disk must not stop a heal: the run goes on in memory, and the next change tries again.
  if (store_.Put(run.record, moved_on ? Survives::kMachine : Survives::kProcess).ok()) run.stored = run.record.state();
  run.noted = false;
  run.next_store = Now() + kStoreRest * (Now() - began);
}

}  // namespace faultline
