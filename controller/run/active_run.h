#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "common/name.h"
#include "common/timeline.h"
#include "controller/compile/compiler.h"
#include "controller/compile/predict.h"
#include "controller/guard/guard_watch.h"
#include "controller/guard/observation_watch.h"
#include "controller/plan/plan.h"
#include "controller/report/boundary_plan.h"
#include "controller/report/probe_config.h"
#include "controller/report/tcp_edges.h"
#include "controller/run/run_request.h"
#include "controller/store/permit_store.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// Where a run that is not over stands.
enum class RunPhase : std::uint8_t {
  // For its moment, or for other runs to end.
  kWaiting,
  // Its names are being looked up and its plan is being compiled.
  kCompiling,
  // Its guards' first checks are under way, and the observations that come before everything else.
  kChecking,
  // Timelines are out; not every node has answered.
  kArming,
  // T0 is set.
  kRunning,
  // Every node was told to let go; not every node has confirmed.
  kReleasing,
  // Found unfinished at the controller's start; waiting for its nodes to tell how it ended there.
  kRecovering,
  // Over, but its end could not be stored yet.
  kUnstored,
};

// One run that is not over: its stored record and what is only of interest while it goes on. A plain value with the
// bookkeeping of node answers; the Coordinator decides and sends. Not thread-safe.
struct ActiveRun {
  v1::Run record;
  RunPhase phase = RunPhase::kWaiting;
  // As it was asked for; empty when recovering.
  Plan plan;
  Permit permit;
  // In which runs were accepted.
  std::uint64_t order = 0;
  // kWaiting: when it is to begin; absent: as soon as no other run is in its way.
  std::optional<WallTime> due;
  // Of its schedule.
  int passed = 0;
  // Its moment has come while this process looked on: it may begin late, having waited for others.
  bool came_in_time = false;
  // kCompiling: since when.
  ControllerTime compiling_since;
  // kWaiting: it waits for a second person, until then.
  std::optional<ControllerTime> approval_until;
  // kWaiting: the runs that were in its way.
  std::set<std::string> waits_for;
  // Every inventory node's part, by name; empty before it is compiled, and when recovering.
  std::map<NodeName, Timeline> timelines;
  std::vector<Stage> stages;
  // Whom the verdict looks at: the inventory it was compiled for.
  std::vector<ProbeNode> nodes;
  // Who probed whom before it was armed, and since; null: everybody everybody.
  std::shared_ptr<const ProbePairs> probed_before;
  std::shared_ptr<const ProbePairs> probed;
  // Where its faults take and lift for probes to see.
  std::vector<Boundary> boundaries;
  // Holds passed: the number of the stage that is waited for, while it Waits.
  std::size_t hold = 0;
  // Of that stage: when it is looked at again; since when nothing of it is known not to be as planned, if not from its
  // start; what was amiss; whether it was told that it lasts longer.
  ControllerTime next_look;
  std::optional<Duration> seen_from;
  std::string amiss;
  bool hold_told = false;
  // Connections that are tried; whether they are now, and until when at most.
  std::vector<TcpEdge> tcp;
  bool dialling = false;
  ControllerTime dial_until;
  // Nodes with a fault to carry out; known once it is compiled.
  std::set<NodeName> parties;
  // Whether they were sent anything: only then they are in the record, and have something to let go of.
  bool sent = false;
  // What they are sent when it begins, or is given up, is a sign of life itself: no heartbeat is due before this for
  // the run's sake.
  ControllerTime beats_from;
  std::set<NodeName> armed;
  // Parties whose sessions have ended since T0 and are not back: when, after T0.
  std::map<NodeName, Duration> lost;
  GuardWatch guards;
  ObservationWatch observations;
  // When observations at its end are not waited for any more; known once they were asked for, and later with each that
  // answers.
  std::optional<ControllerTime> end_deadline;
  std::optional<ControllerTime> t0;
  // kChecking, kArming: when patience ends. kReleasing, kRecovering, kRunning: when nodes that have not answered are
  // given up. kUnstored: when storing it is tried again.
  ControllerTime deadline;
  // Whether its record has counters that watchers were not told of, and when they are to be at the earliest.
  bool counted = false;
  ControllerTime next_count;
  // The state of the run that the disk has. Only a change of it waits for the disk: what else a run goes through comes
  // often, and while a slow disk is waited for no lease is renewed.
  v1::RunState stored = v1::RUN_STATE_UNSPECIFIED;
  // Whether something was noted since its record was written, and when it is to be written for that at the earliest.
  bool noted = false;
  ControllerTime next_store;
  // Grows with every change; watchers wait for it.
  std::uint64_t version = 1;

  // The node's part of the record. REQUIRES: the node is a party.
  v1::NodeRun& PartOf(const NodeName& node);
  // Whether the node was sent its part.
  bool IsParty(const NodeName& node) const { return sent && parties.contains(node); }
  // Whether its guards are watched.
  bool IsGuarded() const {
    return phase == RunPhase::kChecking || phase == RunPhase::kArming || phase == RunPhase::kRunning;
  }
  // Whether it has begun and is not over.
  bool IsUnderWay() const { return phase != RunPhase::kWaiting && phase != RunPhase::kUnstored; }
  // Whether it keeps other runs off its nodes.
  bool Claims() const { return IsUnderWay() || (phase == RunPhase::kWaiting && !waits_for.empty()); }
  // Whether stages are to be waited for yet.
  bool Waits() const;
  // By how much longer than planned the stage that is waited for lasts so far. REQUIRES: Waits.
  Duration Held() const;
  // Puts off the end of the stage that is waited for, and all that comes later. REQUIRES: Waits, shift >= 0.
  void PutOff(Duration shift);
  // Brings the record's length and schedule up to date with the stages.
  void SetSchedule();
  // Steps that act at that moment, by the plan. REQUIRES: t0.
  std::vector<StepIndex> ActiveAt(ControllerTime now) const;
  // Its first stage, judged; null before. Lives until the record changes.
  const v1::StageVerdict* Baseline() const;
  // Whether its nodes' leases are to be renewed.
  bool GoesOn() const;
  // Whether every party has told how it ended.
  bool AllEnded() const;
  // Adds a transition that is not in the record yet. False when it is.
  bool AddTransition(const NodeName& node, const v1::StepTransition& transition);
  // Adds what somebody else changed, unless it is in the record or kMostForeignChanges are. False when it was not
  // added.
  static constexpr int kMostForeignChanges = 100;
  bool AddForeignChange(const NodeName& node, const v1::ForeignChange& change);
  // Sets a party's outcome if it has none. False when it has.
  bool SetOutcome(const NodeName& node, const v1::NodeOutcome& node_outcome);
  // Of every party that has not told how it ended: it has vanished; since when, as far as that is known.
  void GiveUpSilent();
};

// Why a run that an earlier process began, and that its nodes carry on with, must not go on: it has guards that abort,
// which nobody checks any more. Empty when it may.
std::string WhyNotOn(const v1::Run& record);

// For how long at most the run waits for each stage; none: it does not.
std::optional<Duration> PatienceOf(const v1::Run& record);

// A run that was asked for, not compiled yet. Its record has no id.
ActiveRun MakeActiveRun(RunRequest request, WallTime now, Duration lease);

// A stored run that was waiting. INVALID_ARGUMENT when its plan cannot be read any more.
absl::StatusOr<ActiveRun> RestoreWaiting(v1::Run record);

// What becomes of a run by its compiled plan: its timelines get its id, its record all that is known in advance but for
// its nodes. REQUIRES: the plan was compiled without errors.
void SetCompiled(Compiled compiled, std::vector<ProbeNode> nodes, ActiveRun& run);

// Names of the nodes that ended otherwise than `end`: "par-1 (lease lost), par-2 (vanished)"; empty when none.
std::string DescribeEnds(const v1::Run& run, v1::NodeEnd except);

}  // namespace faultline
