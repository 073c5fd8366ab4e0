#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/duration.h"
#include "common/timeline_codec.h"
#include "controller/report/link_series.h"
#include "controller/report/verdict.h"
#include "controller/run/conclusion.h"
#include "controller/run/coordinator.h"
#include "controller/run/waits.h"
#include "controller/schedule/wall_time.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kIdleInterval = seconds(1);
constexpr Duration kLook = milliseconds(50);
// Of a large fleet every node has several things to tell, and to look at its runs takes time in proportion to it:
// between two looks there are so many times as long as one took, at most kLook; the same of renewing the probe mesh,
// for which nobody waits, and after which gRPC's threads have twice as much to do as it took.
constexpr int kRest = 4;
constexpr int kRenewalRest = 60;
constexpr Duration kLongestRenewalRest = seconds(10);
// Between two versions of a run that differ by their counters alone.
constexpr Duration kCountInterval = seconds(1);
// Between two tries to store the end of a run.
constexpr Duration kStoreAgain = seconds(1);

}  // namespace

MonotonicTime Coordinator::Advance() {
  RenewProbes();
  const std::lock_guard lock(mutex_);
  const MonotonicTime now = clock_.Now();
  if (now >= next_heartbeat_) {
    for (const NodeName& node : fleet_.DropSilent(now)) Lost(node);
    SendHeartbeats();
    const ControllerTime kept = Now() - (AnyBegun() ? ProbeLog::kKeepForRun : ProbeLog::kKeep);
    probes_.Trim(kept);
    tcp_log_.Trim(kept);
    next_heartbeat_ = now + options_.Heartbeat();
  }
  std::vector<std::string> ids;
  for (const auto& [id, run] : runs_) ids.push_back(id);
  for (const std::string& id : ids) AdvanceRun(runs_.at(id));
  const MonotonicTime done = clock_.Now();
  rest_until_ = done + std::min<Duration>(kRest * (done - now), kLook);
  return std::min(now + NextLook(), next_heartbeat_);
}

void Coordinator::RenewProbes() {
  const MonotonicTime now = clock_.Now();
  fleet_.TidyUp(now);
  if (now < next_renewal_) return;
  fleet_.RenewProbes(now);
  const MonotonicTime done = clock_.Now();
  next_renewal_ = done + std::min<Duration>(kRenewalRest * (done - now), kLongestRenewalRest);
}

Duration Coordinator::NextLook() const {
  // While runs go on, stages and deadlines are looked at often enough to be told within a blink.
  if (AnyBegun()) return kLook;
  Duration look = kIdleInterval;
  const WallTime now = clock_.WallNow();
  for (const auto& [id, run] : runs_) {
    if (run.due && *run.due > now) look = std::min(look, *run.due - now);
  }
  return look;
}

void Coordinator::AdvanceRun(ActiveRun& run) {
  StoreNoted(run);
  if (run.IsGuarded() && !GuardsAnswer(run)) return;
  switch (run.phase) {
    case RunPhase::kWaiting:
      return AdvanceWaiting(run);
    case RunPhase::kCompiling:
      return;
    case RunPhase::kChecking:
      if (Now() >= run.deadline) {
        return Release(run, v1::OUTCOME_REFUSED, "the first checks of its guards and observations did not come back");
      }
      LaunchChecks(run);
      return ArmWhenSteady(run);
    case RunPhase::kArming:
      LaunchChecks(run);
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
      if ((run.AllEnded() || Now() >= run.deadline) && ObserveEnd(run)) Conclude(run);
      return;
    case RunPhase::kUnstored:
      if (Now() >= run.deadline) StoreEnded(run);
      return;
  }
}

void Coordinator::AdvanceRunning(ActiveRun& run) {
  LaunchChecks(run);
  if (!AdvanceHold(run)) return;
  LaunchObservations(run, run.observations.TakeDue(Now() - *run.t0));
  JudgeStages(run, /*wait=*/true);
  const Duration length = run.timelines.begin()->second.length;
  const bool end_observed = Now() >= *run.t0 + length && ObserveEnd(run);
  const bool given_up = run.end_deadline && Now() >= *run.end_deadline;
  const bool judged = static_cast<std::size_t>(run.record.stages_size()) == run.stages.size();
  const bool observed =
      Now() >= *run.t0 + length + kSettle && judged && (run.observations.Over() || given_up) && end_observed;
  const bool cut_short = run.AllEnded() && !DescribeEnds(run.record, v1::NODE_END_COMPLETED).empty() && ObserveEnd(run);
  if ((run.AllEnded() && observed) || cut_short || (Now() >= run.deadline && end_observed)) {
    JudgeStages(run, /*wait=*/false);
    return Conclude(run);
  }
  if (!run.counted || Now() < run.next_count) return;
  // They change all the time, and are not worth a write to the disk.
  run.counted = false;
  run.next_count = Now() + kCountInterval;
  ++run.version;
  changed_.notify_all();
}

void Coordinator::Fire(ActiveRun& run) {
  const std::vector<NodeName> parties(run.parties.begin(), run.parties.end());
  Tell(v1::EVENT_KIND_RUN_ARMED, run, absl::StrCat("on ", parties.size(), " nodes"));
  const Duration lead = LeadOf(run);
  const WallTime started = clock_.WallNow() + lead;
  if (const auto frozen = freezes_.At(started)) {
    return Release(run, v1::OUTCOME_MISSED, absl::StrCat("it was armed only in ", frozen->ToString()));
  }
  run.t0 = Now() + lead;
  run.phase = RunPhase::kRunning;
  run.deadline = *run.t0 + run.timelines.begin()->second.length + options_.lease + kGivingUpAfterLease;
  // Observations at its end have a deadline of their own.
  if (!run.observations.HasEnd()) run.deadline += run.observations.LongestTimeout();
  run.record.set_state(v1::RUN_STATE_RUNNING);
  *run.record.mutable_started() = EncodeWall(started);
  run.guards.Record(run.t0, run.record);
  run.observations.Record(run.t0, run.record);
  for (const NodeName& node : parties) {
    *run.PartOf(node).mutable_clock_error() = EncodeDuration(fleet_.WorstRoundTrip({node}) / 2);
    v1::SessionResponse message;
    message.mutable_fire()->set_run_id(run.record.id());
    *message.mutable_fire()->mutable_t0() = EncodeDuration(run.t0->time_since_epoch());
    fleet_.Send(node, message);
  }
  bursts_.Expect(run.record.id(), run.boundaries);
  SendBursts(run);
  Tell(v1::EVENT_KIND_RUN_FIRED, run, absl::StrCat("T0 is in ", FormatDuration(lead)));
  AdvanceHold(run);
  Changed(run);
}

Duration Coordinator::LeadOf(const ActiveRun& run) const {
  // Time for a message to reach every node, with room for a lost packet.
  constexpr Duration kLeastLead = milliseconds(500);
  constexpr int kLeadRoundTrips = 4;
  return std::max(kLeastLead, kLeadRoundTrips * fleet_.WorstRoundTrip({run.parties.begin(), run.parties.end()}));
}

void Coordinator::SendBursts(const ActiveRun& run) {
  std::span<const Boundary> known = run.boundaries;
  if (run.Waits()) {
    const Duration end = run.stages[run.hold].end;
    const auto later = std::ranges::find_if(known, [end](const Boundary& boundary) { return boundary.at >= end; });
    known = known.first(static_cast<std::size_t>(later - known.begin()));
  }
  for (auto& [node, bursts] : BurstsOf(run.record.id(), *run.t0, known)) {
    v1::SessionResponse message;
    *message.mutable_probe_bursts() = std::move(bursts);
    fleet_.Send(node, message);
  }
}

void Coordinator::EndBursts(const ActiveRun& run) {
  bursts_.Forget(run.record.id());
  for (auto& [node, bursts] : BurstsOf(run.record.id(), *run.t0, run.boundaries)) {
    bursts.clear_bursts();
    v1::SessionResponse message;
    *message.mutable_probe_bursts() = std::move(bursts);
    fleet_.Send(node, message);
  }
}

void Coordinator::Release(ActiveRun& run, v1::Outcome outcome, const std::string& reason) {
  if (LetGo(run, outcome, reason)) Changed(run);
}

bool Coordinator::LetGo(ActiveRun& run, v1::Outcome outcome, const std::string& reason) {
  if (run.phase == RunPhase::kReleasing || run.phase == RunPhase::kUnstored) return false;
  run.phase = RunPhase::kReleasing;
  if (run.t0) *run.record.mutable_ended_early() = EncodeDuration(Now() - *run.t0);
  run.record.set_state(v1::RUN_STATE_ENDING);
  run.record.set_outcome(outcome);
  run.record.set_summary(reason);
  // Nobody has anything to let go of.
  if (!run.sent) run.parties.clear();
  run.deadline = Now() + DecodeDuration(run.record.lease()).value_or(options_.lease) + kGivingUpAfterLease;
  run.beats_from = Now() + options_.Heartbeat();
  for (const NodeName& node : run.parties) SendRelease(node, run.record.id(), reason);
  if (run.t0) EndBursts(run);
  StopDialling(run);
  return true;
}

std::vector<std::string> Coordinator::ReleaseAll(const std::vector<ActiveRun*>& runs, v1::Outcome outcome,
                                                 const std::string& reason) {
  std::vector<ActiveRun*> changed;
  std::vector<std::string> ids;
  for (ActiveRun* run : runs) {
    if (LetGo(*run, outcome, reason)) changed.push_back(run);
    ids.push_back(run->record.id());
  }
  for (ActiveRun* run : changed) Changed(*run);
  return ids;
}

void Coordinator::SendRelease(const NodeName& node, const std::string& run_id, const std::string& reason) {
  v1::SessionResponse message;
  message.mutable_release()->set_run_id(run_id);
  message.mutable_release()->set_reason(reason);
  fleet_.Send(node, message);
}

void Coordinator::Conclude(ActiveRun& run) {
  StopDialling(run);
  run.GiveUpSilent();
  v1::Run& record = run.record;
  if (run.phase == RunPhase::kRunning) {
    ConcludeByEvidence(run.stages, record);
  } else if (run.phase == RunPhase::kRecovering) {
    ConcludeInterrupted(record);
  }
  ConcludeResidue(record);
  for (const std::string& observation : run.t0 ? run.observations.Unanswered() : std::vector<std::string>()) {
    record.add_warnings(absl::StrCat(observation, ": its command had not ended when the run was concluded"));
  }
  KeepSeries(run);
  KeepClients(run);
  bursts_.Forget(record.id());
  fleet_.Cover(record.id(), {});
  // For the next run: one that begins has enough to tell.
  if (run.sent) fleet_.RenewKeys();
  record.set_state(v1::RUN_STATE_ENDED);
  *record.mutable_ended() = EncodeWall(clock_.WallNow());
  ++ended_[record.outcome()];
  ++run.version;
  TellEnd(run);
  run.phase = RunPhase::kUnstored;
  StoreEnded(run);
  // Others may have waited for it.
  Wake();
}

void Coordinator::KeepSeries(ActiveRun& run) {
  if (!run.t0) return;
  std::map<std::string, std::string> regions;
  const Inventory fleet = fleet_.Everyone();
  for (const InventoryNode& node : fleet.nodes) {
    const auto region = node.labels.find("region");
    if (region != node.labels.end()) regions[node.name.text()] = region->second;
  }
  // What came after that is not all reported yet.
  const Duration until =
      std::min(run.timelines.begin()->second.length, Now() - *run.t0 - kSettle - fleet_.LongestPause());
  Duration from = std::max(-kBaseline, until - ProbeLog::kKeepForRun);
  if (const auto forgotten = probes_.forgotten()) from = std::max(from, std::min(*forgotten - *run.t0, until));
  AddSeries({.nodes = run.nodes, .regions = regions, .t0 = *run.t0, .from = from, .until = until}, probes_, run.record);
}

void Coordinator::StoreEnded(ActiveRun& run) {
  if (store_.Put(run.record).ok()) {
    const std::string id = run.record.id();
    permits_.Remove(PermitStore::OfRun(id)).IgnoreError();  // One that stays is of no run any more.
    runs_.erase(id);
  } else {
    run.deadline = Now() + kStoreAgain;
  }
}

// Who has no part in a run, but observes it, is told of it too: it then reports more often.
void Coordinator::SendHeartbeats() {
  std::map<NodeName, v1::SessionResponse> messages;
  for (const NodeName& node : fleet_.ExpectPings(AnyNeedsHeartbeats(), clock_.Now())) {
    messages[node].mutable_heartbeat();
  }
  for (const auto& [id, run] : runs_) {
    if (!run.GoesOn()) continue;
    std::set<NodeName> concerned = run.parties;
    for (const ProbeNode& node : run.nodes) concerned.insert(node.name);
    for (const NodeName& node : concerned) {
      const auto message = messages.find(node);
      if (message != messages.end()) message->second.mutable_heartbeat()->add_run_ids(id);
    }
  }
  for (auto& [node, message] : messages) {
    *message.mutable_heartbeat()->mutable_controller_sent() = EncodeDuration(Now().time_since_epoch());
    message.mutable_heartbeat()->set_observations_taken(fleet_.ObservationsTaken(node));
    fleet_.Send(node, message);
  }
}

}  // namespace faultline
