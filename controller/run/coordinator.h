#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/name.h"
#include "common/step_lateness.h"
#include "controller/audit/audit_sink.h"
#include "controller/compile/compiler.h"
#include "controller/event/event_sink.h"
#include "controller/guard/host_work.h"
#include "controller/plan/plan.h"
#include "controller/policy/policy_book.h"
#include "controller/report/burst_log.h"
#include "controller/report/probe_log.h"
#include "controller/report/probe_totals.h"
#include "controller/report/tcp_log.h"
#include "controller/run/active_run.h"
#include "controller/run/conflict.h"
#include "controller/run/coordinator_status.h"
#include "controller/run/fleet.h"
#include "controller/run/run_request.h"
#include "controller/schedule/freeze_book.h"
#include "controller/store/run_store.h"
#include "faultline/v1/agent_session.pb.h"

namespace faultline {

// Agents redial a controller that was restarted within seconds, some seconds apart.
inline constexpr Duration kSettling = std::chrono::seconds(10);

struct CoordinatorOptions {
  // How long faults outlive the controller.
  Duration lease = kDefaultLease;
  // How long nodes may take to arm.
  Duration arm_patience = std::chrono::seconds(10);
  // Whether plans may have this host run programs.
  bool allow_commands = false;
  // Under which agents know this host, as far as it is known.
  std::vector<IpAddress> addresses;
  // How long agents may take to dial in again after a start; until then no run begins whose moment has come.
  Duration settling = kSettling;
  // Whether nodes dial the TCP ports that a run's faults name.
  bool tcp_probes = true;

  // Time between two heartbeats: several must be lost before a lease is.
  Duration Heartbeat() const;
};

// A run as watchers see it.
struct RunView {
  v1::Run run;
  // Since T0; absent when there is none or the run is over.
  std::optional<Duration> elapsed;
  // To be given to the next Await.
  std::uint64_t version = 0;
  bool over = false;
};

// What whoever asked something of a run waits for; that it is over is enough for each.
enum class RunPoint : std::uint8_t {
  // It runs, or waits for its moment, other runs or a second person.
  kBegun,
  // It was ended early, and its nodes have let go or are given up: it waits for nothing but observations at its end.
  kHealed,
};

// What a coordinator works with. All must outlive it; `host` must call nothing back any more when it goes.
struct CoordinatorParts {
  const Clock& clock;
  Fleet& fleet;
  RunStore& store;
  ProbeLog& probes;
  HostWork& host;
  const FreezeBook& freezes;
  EventSink& events;
  const PolicyBook& policy;
  PermitStore& permits;
  AuditSink& audit;
  // The role that an enrolled user has by now.
  std::function<Role(const std::string& user)> role_of;
};

// A run whose moment this process let pass by more than this never begins, unless it waited for others.
inline constexpr Duration kMostLate = std::chrono::minutes(1);

// How long a run waits for a second person.
inline constexpr Duration kApprovalTime = std::chrono::hours(1);

// Carries out plans on the fleet: waits for their moment and for other runs with nodes in common, looks up names,
// checks guards, arms all nodes or none, picks T0, renews leases, tells nodes that wait when to proceed, gathers what
// the nodes report and what commands capture, judges each stage when it is over, and ends runs. Knows no threads of its
// own: every method may be called from any thread, takes one lock and waits for nothing but the store (Await alone
// waits, without the lock). Advance does what is due; the thread that calls it waits in WaitForWork.
class Coordinator {
 public:
  Coordinator(const CoordinatorParts& parts, CoordinatorOptions options);

  // Takes up the runs an earlier process left: those that were waiting wait on, or are MISSED if their moment was
  // before this process; those that had begun are ended, with what their nodes tell of them.
  absl::Status Recover();

  // Compiles a plan for the fleet as it is now. Errors come back inside.
  Compiled Preview(const Plan& plan, const Inventory& inventory, const RunId& run) const;
  // What the policy says of somebody who runs that now. REQUIRES: as FactsOf.
  // One that asked earlier must still have the role that runs take.
  Decision Decide(const Principal& who, const Plan& plan, const Compiled& compiled, const Inventory& inventory) const;

  // Accepts a run: it is audited and stored when this returns. The run's id; of a request whose id was seen before,
  // that of the run it made then. A run that is to begin at once, and whose plan names no names, is compiled first:
  // INVALID_ARGUMENT with all errors, each a line; also for a person's moment that is over; and PERMISSION_DENIED when
  // the policy refuses it. FAILED_PRECONDITION: it would run commands and must not, a freeze is on, the audit log
  // cannot be written, another run has nodes in common with it (and it is not to queue), its request id was that of
  // another plan, moment or way to queue, or the controller is stopping. All that is found out later ends the run
  // instead, as REFUSED or MISSED.
  absl::StatusOr<std::string> Begin(RunRequest request);

  // A second person agrees to a run that has not begun: it may begin then. NOT_FOUND; PERMISSION_DENIED to whoever
  // started it; FAILED_PRECONDITION when it has begun, is over, or was agreed to.
  absl::Status Approve(const std::string& run_id, const Principal& who);

  // Ends a run: every node is told to let go; one that waits is just not begun. NOT_FOUND; FAILED_PRECONDITION when the
  // run is over.
  absl::Status Abort(const std::string& run_id, v1::Outcome outcome, const std::string& reason);
  // All that have begun, and all that wait for others to end; their ids. Those that wait for their moment stay.
  std::vector<std::string> AbortAll(v1::Outcome outcome, const std::string& reason);

  // The controller is about to stop: nothing begins any more, and the runs that have begun end, but for those that have
  // fired and are to go on without it. The ids of those that end.
  std::vector<std::string> StopRuns();

  // Waits until the run has changed since version `seen` or `patience` is over. NOT_FOUND.
  absl::StatusOr<RunView> Await(const std::string& run_id, std::uint64_t seen, Duration patience);
  // Waits until the run has come so far; its record then. Absent: `patience` is over first. NOT_FOUND. Costs nothing in
  // between, however large the record is.
  absl::StatusOr<std::optional<v1::Run>> AwaitPoint(const std::string& run_id, RunPoint point, Duration patience);

  // Ids of the runs each node is in.
  std::map<NodeName, std::vector<std::string>> RunsByNode();

  // Who reaches whom by the last seconds' probes, beside what the runs in progress say.
  v1::StageVerdict Matrix();

  CoordinatorStatus status();

  // From the sessions.
  void OnJoin(const NodeName& node, const std::vector<std::string>& held_runs);
  // The fleet knows a node anew.
  void OnUpdate();
  void OnArmed(const NodeName& node, const v1::Armed& armed);
  void OnRefused(const NodeName& node, const v1::Refused& refused);
  void OnStepEvent(const NodeName& node, const v1::StepEvent& event);
  void OnRunEnd(const NodeName& node, const v1::NodeRunEnd& end);
  void OnForeignChange(const NodeName& node, const v1::ForeignEvent& event);
  void OnCounters(const NodeName& node, const v1::RunCounters& counters);
  void OnObservation(const NodeName& node, const v1::Observation& observation);
  // The same of one that came from the network at `arrived`. Of a controller that does not keep up, what has waited for
  // too long is dropped, and that is told: so observations never keep orders, answers and leases waiting for long.
  void OnObservation(const NodeName& node, const v1::Observation& observation, MonotonicTime arrived);
  void OnLeave(const NodeName& node);

  // Does what is due; returns when it is to be called next at the latest.
  MonotonicTime Advance();
  // Waits until `until` or until something has happened that Advance should look at.
  void WaitForWork(MonotonicTime until);
  // Wakes every Await and WaitForWork, now and from now on.
  void Shutdown();

 private:
  using Runs = std::map<std::string, ActiveRun>;

  ControllerTime Now() const;
  ActiveRun* Find(const std::string& run_id);
  // A node's message about a run: the run, when the node is a party of it.
  ActiveRun* FindParty(const std::string& run_id, const NodeName& node);
  // A node has lost observations: the runs in progress are warned, once each.
  void WarnOfLost(const NodeName& node, absl::string_view how);
  // A node's session has ended.
  void Lost(const NodeName& node);
  bool AnyBegun() const;
  bool AnyNeedsHeartbeats() const;
  void Changed(ActiveRun& run);
  // As Changed, of what a node has told and tells every later controller again: while writing the record takes long,
  // not each time.
  void Noted(ActiveRun& run);
  void Wake();
  void Store(ActiveRun& run);
  // If there is something noted, and its time has come.
  void StoreNoted(ActiveRun& run);

  // coordinator_begin.cc: from a request to armed nodes.
  absl::Status CheckRequest(const RunRequest& request) const;
  absl::StatusOr<std::optional<std::string>> MadeBefore(const RunRequest& request);
  // Whether a run's moment is over unused; it is then ended.
  bool Missed(ActiveRun& run, WallTime now);
  absl::StatusOr<ActiveRun*> Accept(RunRequest request, const std::set<NodeName>& parties);
  Conflicts ConflictsOf(const std::string& run_id, const std::set<NodeName>& parties) const;
  void AdvanceWaiting(ActiveRun& run);
  void StartCompiling(ActiveRun& run);
  void OnLookedUp(const std::string& run_id, const absl::StatusOr<LookedUp>& names);
  void OnCompiled(ActiveRun& run, Compiled compiled, const Inventory& inventory);
  void StartChecking(ActiveRun& run, Compiled compiled, const Inventory& inventory);
  void Arm(ActiveRun& run);

  // coordinator_permission.cc: whether it may.
  // FAILED_PRECONDITION: it could not be written, and so must not be.
  absl::Status Audit(const ActiveRun& run, const Principal& who, absl::string_view action, AuditDecision decision,
                     absl::string_view reason);
  // Whether the run may begin now by the policy; else it is released, or waits for a second person.
  bool Permitted(ActiveRun& run, const Compiled& compiled, const Inventory& inventory);
  // Writes that a run begins that has waited; one for which that fails is released.
  bool AuditBeginning(ActiveRun& run);
  void AwaitApproval(ActiveRun& run, const std::string& reason);
  // Whether a second person has agreed; when it is too late for that the run is released.
  bool Approved(ActiveRun& run);
  // As it was stored with it.
  absl::StatusOr<Permit> PermitOf(const v1::Run& record);

  // coordinator_host.cc: what is done on this host meanwhile.
  void LaunchChecks(ActiveRun& run);
  // Whether every check of its guards has come back in time, or may fail; else the run is released.
  bool GuardsAnswer(ActiveRun& run);
  void OnChecked(const std::string& run_id, std::size_t guard, ControllerTime begun, const CheckResult& result);
  void LaunchObservations(ActiveRun& run, const std::vector<std::size_t>& moments);
  void OnCaptured(const std::string& run_id, std::size_t moment, ControllerTime begun, CommandResult result);
  // Begins the observations at the run's end, if they were not. True when they are over, or none is to be taken.
  bool ObserveEnd(ActiveRun& run);
  // From now on, observations at its end have the time that the longest that is under way may take.
  void PutOffEnd(ActiveRun& run);
  // Whether a run that was released waits for nothing but those.
  bool OnlyObserves(const ActiveRun& run) const;
  // What clients saw of a run that was fired goes into its record.
  void KeepClients(ActiveRun& run);
  void ArmWhenSteady(ActiveRun& run);

  bool HasReached(const ActiveRun& run, RunPoint point) const;

  // coordinator_progress.cc: from T0 to the end.
  void AdvanceRun(ActiveRun& run);
  void AdvanceRunning(ActiveRun& run);
  void Fire(ActiveRun& run);
  // Between saying when something is to happen on all nodes and that moment.
  Duration LeadOf(const ActiveRun& run) const;
  // Nodes are to probe fast where the run's faults take and lift, as far as it is known when.
  void SendBursts(const ActiveRun& run);
  // Not any more.
  void EndBursts(const ActiveRun& run);
  // Has every node let go, and stores that.
  void Release(ActiveRun& run, v1::Outcome outcome, const std::string& reason);
  // Has every node let go. False when that was done before, or the run is over.
  bool LetGo(ActiveRun& run, v1::Outcome outcome, const std::string& reason);
  // All at once: stored only when every node was told. Their ids.
  std::vector<std::string> ReleaseAll(const std::vector<ActiveRun*>& runs, v1::Outcome outcome,
                                      const std::string& reason);
  void SendRelease(const NodeName& node, const std::string& run_id, const std::string& reason);
  void Conclude(ActiveRun& run);
  // Loss and delay in the course of a run that was fired go into its record.
  void KeepSeries(ActiveRun& run);
  // Moves a run that is over from the active to the stored ones; one that cannot be stored stays.
  void StoreEnded(ActiveRun& run);
  // Of the fleet, if it is time for that.
  void RenewProbes();
  void SendHeartbeats();
  Duration NextLook() const;

  // coordinator_stages.cc.
  // Has the mesh cover its groups, and plans the bursts.
  void PlanProbes(ActiveRun& run);
  // Those that are over; `wait`: for nodes that are behind too.
  void JudgeStages(ActiveRun& run, bool wait);
  // From when on, after T0, all nodes of the run can be probed.
  Duration AllProbedFrom(const ActiveRun& run) const;
  // Of the run's nodes, the names of those that have not delivered all they saw before this moment.
  std::vector<std::string> Behind(const ActiveRun& run, ControllerTime moment) const;
  // What is known of a stage of the run, or of a part of one.
  v1::StageVerdict Judge(const Stage& stage, const ActiveRun& run) const;
  // How long after a stage of the run all that can be known of it is.
  static Duration SettleTimeOf(const Stage& stage, const ActiveRun& run);
  // The part of the run's nth stage that is judged.
  Stage JudgedPart(int number, const ActiveRun& run) const;
  // How long after a stage could be judged nodes that are behind are waited for.
  Duration PatienceWith(const ActiveRun& run, const Stage& stage) const;

  // coordinator_holds.cc: of runs that wait for their stages to be observed as planned.
  // Lets the run proceed if the stage that is waited for was, puts off its end if it was not yet. False when patience
  // was over or a node has ended before the others, and the run was released.
  bool AdvanceHold(ActiveRun& run);
  // Whether it was observed as planned so far, or nothing can be known of it.
  bool ObservedSoFar(ActiveRun& run);
  void Proceed(ActiveRun& run);
  // `hold`: one that was passed.
  void SendProceed(const NodeName& node, const ActiveRun& run, std::size_t hold);
  // Puts the hold's end off to when all nodes can have been told of it. False when it is later than that by itself.
  bool PutOffTillTold(ActiveRun& run);
  // `why`: follows the name of its stage.
  void GiveUpHold(ActiveRun& run, const std::string& why);

  // coordinator_tcp.cc: connections to the ports that faults name.
  // Finds those of a run that was compiled.
  void FindConnections(ActiveRun& run);
  // Nodes dial them from now on, for as long as the run may take with one hold.
  void StartDialling(ActiveRun& run);
  // A run that was held takes longer.
  void KeepDialling(const ActiveRun& run);
  // Not any more, or not for this run.
  void StopDialling(ActiveRun& run);
  // Tells these nodes whom to dial for all runs.
  void SendTcpConfigs(const std::set<NodeName>& nodes);

  // coordinator_events.cc: what is told of a run.
  void Tell(v1::EventKind kind, const ActiveRun& run, std::string text);
  void TellWaiting(const ActiveRun& run);
  void TellStep(const ActiveRun& run, const v1::NodeRun& part, const v1::StepTransition& transition);
  void TellNodeEnd(const ActiveRun& run, const NodeName& node, const v1::NodeOutcome& outcome);
  void TellForeignChange(const ActiveRun& run, const NodeName& node, const v1::ForeignChange& change);
  void TellEnd(const ActiveRun& run);
  // Of those of the record from the `from`th on, which failed.
  void TellGuards(const ActiveRun& run, int from);

  // coordinator_status.cc
  CoordinatorStatus::Run StatusOf(const ActiveRun& run) const;

  const Clock& clock_;
  Fleet& fleet_;
  RunStore& store_;
  ProbeLog& probes_;
  HostWork& host_;
  const FreezeBook& freezes_;
  EventSink& events_;
  const PolicyBook& policy_;
  PermitStore& permits_;
  const std::function<Role(const std::string&)> role_of_;
  AuditSink& audit_;
  const CoordinatorOptions options_;
  ProbeTotals probe_totals_;
  BurstLog bursts_;
  TcpLog tcp_log_;

  // Around taking an observation; never together with mutex_.
  std::mutex observing_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable work_;
  bool shutdown_ = false;
  // Nothing begins any more.
  bool stopping_ = false;
  bool has_work_ = false;
  Runs runs_;
  std::uint64_t last_order_ = 0;
  // Of CoordinatorStatus.
  std::map<v1::Outcome, std::uint64_t> ended_;
  StepLateness lateness_;
  MonotonicTime next_heartbeat_;
  // Advance's own.
  MonotonicTime next_renewal_;
  // Until then nothing but the end is worth to wake for.
  MonotonicTime rest_until_;
  // When each node's present process was first heard of.
  std::map<NodeName, ControllerTime> joined_;
  // When this process began.
  const MonotonicTime began_;
  const WallTime began_wall_;
};

}  // namespace faultline
