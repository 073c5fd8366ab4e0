#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/timeline_codec.h"
#include "controller/run/coordinator.h"

namespace faultline {
namespace {

// With observations that have waited for longer the controller does not keep up: a thread that had to wait for a busy
// processor is no reason yet.
constexpr Duration kMostWait = std::chrono::seconds(1);

v1::NodeOutcome MakeOutcome(v1::NodeEnd end, const std::string& detail) {
  v1::NodeOutcome outcome;
  outcome.set_end(end);
  outcome.set_detail(detail);
  return outcome;
}

void AddLateness(const v1::StepTransition& transition, StepLateness& lateness) {
  const absl::StatusOr<Duration> planned = DecodeDuration(transition.planned());
  const absl::StatusOr<Duration> actual = DecodeDuration(transition.actual());
  if (planned.ok() && actual.ok()) {
    lateness.Add(transition.transition() == v1::TRANSITION_FIRED, *planned, *actual);
  }
}

}  // namespace

void Coordinator::OnJoin(const NodeName& node, const std::vector<std::string>& held_runs) {
  const std::lock_guard lock(mutex_);
  // Of one that only dials again it is known who it probed, and when.
  if (fleet_.ObservationsTaken(node) == 0) joined_[node] = Now();
  for (const std::string& id : held_runs) {
    const ActiveRun* run = Find(id);
    if (run == nullptr || !run->GoesOn()) SendRelease(node, id, "the controller does not run it any more");
  }
  for (auto& [id, run] : runs_) {
    run.lost.erase(node);
    if (!run.IsParty(node) || run.PartOf(node).has_outcome()) continue;
    if (std::find(held_runs.begin(), held_runs.end(), id) != held_runs.end()) {
      // What was sent by the session before may be lost.
      for (std::size_t hold = 0; run.GoesOn() && hold < run.hold; ++hold) SendProceed(node, run, hold);
      continue;
    }
    // Either it ended there meanwhile, and the node's journal tells; or the agent is a new one, and knows nothing: ask.
    SendRelease(node, id, "is it still held?");
  }
  SendTcpConfigs({node});
  has_work_ = true;
  work_.notify_all();
}

void Coordinator::OnUpdate() {
  const std::lock_guard lock(mutex_);
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
  const std::size_t holds = run->timelines.at(node).holds.size();
  if (armed.holds() != holds) {
    return Release(
        *run, v1::OUTCOME_REFUSED,
        absl::StrCat("node ", node.text(), "'s agent cannot wait for stages to be verified: it is of version ",
                     run->PartOf(node).agent_version()));
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
  if (run == nullptr || !run->AddTransition(node, event.transition())) return;
  AddLateness(event.transition(), lateness_);
  TellStep(*run, run->PartOf(node), event.transition());
  Noted(*run);
}

void Coordinator::OnRunEnd(const NodeName& node, const v1::NodeRunEnd& end) {
  const std::lock_guard lock(mutex_);
  ActiveRun* run = FindParty(end.run_id(), node);
  if (run == nullptr || !run->SetOutcome(node, end.outcome())) return;
  TellNodeEnd(*run, node, end.outcome());
  Noted(*run);
}

void Coordinator::OnForeignChange(const NodeName& node, const v1::ForeignEvent& event) {
  const std::lock_guard lock(mutex_);
  ActiveRun* run = FindParty(event.run_id(), node);
  if (run == nullptr || !run->AddForeignChange(node, event.change())) return;
  TellForeignChange(*run, node, event.change());
  run->record.add_warnings(absl::StrCat(node.text(), ": ", event.change().text()));
  Changed(*run);
}

void Coordinator::OnCounters(const NodeName& node, const v1::RunCounters& counters) {
  const std::lock_guard lock(mutex_);
  ActiveRun* run = FindParty(counters.run_id(), node);
  if (run == nullptr || run->phase != RunPhase::kRunning) return;
  *run->PartOf(node).mutable_counters() = counters.counters();
  run->counted = true;
}

void Coordinator::OnObservation(const NodeName& node, const v1::Observation& observation) {
  OnObservation(node, observation, clock_.Now());
}

void Coordinator::OnObservation(const NodeName& node, const v1::Observation& observation, MonotonicTime arrived) {
  std::uint64_t lost = 0;
  absl::string_view how = "were lost there";
  {
    const std::lock_guard observing(observing_);
    const MonotonicTime now = clock_.Now();
    if (!fleet_.IsWanted(node, observation, now)) return;
    if (now - arrived > kMostWait) {
      lost = fleet_.Shed(node, observation);
      how = "were dropped by the controller, which did not keep up";
    } else {
      // A malformed report says nothing; its edges stay unknown, which no verdict takes for a success.
      tcp_log_.Add(node, observation).IgnoreError();
      if (probes_.Add(node, observation).ok()) probe_totals_.Add(node, observation, *fleet_.Regions());
      bursts_.Add(node, observation);
      lost = fleet_.Take(node, observation);
    }
  }
  if (lost > 0) WarnOfLost(node, how);
}

void Coordinator::WarnOfLost(const NodeName& node, absl::string_view how) {
  const std::string warning = absl::StrCat(node.text(), ": some of its observations ", how);
  const std::lock_guard lock(mutex_);
  for (auto& [id, run] : runs_) {
    const bool watched = std::ranges::find(run.nodes, node, &ProbeNode::name) != run.nodes.end();
    const bool warned = std::ranges::find(run.record.warnings(), warning) != run.record.warnings().end();
    if (run.phase != RunPhase::kRunning || !watched || warned) continue;
    run.record.add_warnings(warning);
    Changed(run);
  }
}

void Coordinator::OnLeave(const NodeName& node) {
  const std::lock_guard lock(mutex_);
  Lost(node);
}

void Coordinator::Lost(const NodeName& node) {
  for (auto& [id, run] : runs_) {
    if (run.t0 && run.IsParty(node)) run.lost.try_emplace(node, Now() - *run.t0);
    if (run.phase != RunPhase::kArming || !run.IsParty(node)) continue;
    Release(run, v1::OUTCOME_REFUSED, absl::StrCat("node ", node.text(), " was lost while arming"));
  }
}

}  // namespace faultline
