#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/name.h"
#include "controller/compile/compiler.h"
#include "controller/plan/plan.h"
#include "controller/report/probe_log.h"
#include "controller/run/active_run.h"
#include "controller/run/fleet.h"
#include "controller/store/run_store.h"
#include "faultline/v1/agent_session.pb.h"

namespace faultline {

struct CoordinatorOptions {
  // How long faults outlive the controller.
  Duration lease = kDefaultLease;
  // How long nodes may take to arm.
  Duration arm_patience = std::chrono::seconds(10);

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

// Carries out plans on the fleet: arms all nodes or none, picks T0, renews leases, gathers what the nodes report,
// judges each stage when it is over, and ends runs. Knows no threads of its own: every method may be called from any
// thread, takes one lock and waits for nothing but the store (Await alone waits, without the lock). Advance does what
// is due; CoordinatorThread calls it in time. All references must outlive it.
class Coordinator {
 public:
  Coordinator(const Clock& clock, Fleet& fleet, RunStore& store, ProbeLog& probes, CoordinatorOptions options);

  // Takes up the runs an earlier process left unfinished: they are ended, with what their nodes tell of them.
  absl::Status Recover();

  // Compiles a plan for the fleet as it is now. Errors come back inside.
  Compiled Preview(const Plan& plan, const Inventory& inventory, const RunId& run) const;

  // Sends a compiled plan to its nodes. INVALID_ARGUMENT with all errors, each a line, when it cannot be compiled;
  // UNAVAILABLE when a node is lost meanwhile. The run's id.
  absl::StatusOr<std::string> Begin(const Plan& plan, const std::string& plan_text, const std::string& file_name);

  // Tells every node to let go. NOT_FOUND; FAILED_PRECONDITION when the run is over.
  absl::Status Abort(const std::string& run_id, v1::Outcome outcome, const std::string& reason);
  // All of them; their ids.
  std::vector<std::string> AbortAll(v1::Outcome outcome, const std::string& reason);

  // The controller is about to stop: ends the runs that are not to go on without it; their ids.
  std::vector<std::string> StopRuns();

  // Waits until the run has changed since version `seen` or `patience` is over. NOT_FOUND.
  absl::StatusOr<RunView> Await(const std::string& run_id, std::uint64_t seen, Duration patience);

  // Ids of the runs each node is in.
  std::map<NodeName, std::vector<std::string>> RunsByNode();

  // Who reaches whom by the last seconds' probes, beside what the runs in progress say.
  v1::StageVerdict Matrix();

  // From the sessions.
  void OnJoin(const NodeName& node, const std::vector<std::string>& held_runs);
  void OnArmed(const NodeName& node, const v1::Armed& armed);
  void OnRefused(const NodeName& node, const v1::Refused& refused);
  void OnStepEvent(const NodeName& node, const v1::StepEvent& event);
  void OnRunEnd(const NodeName& node, const v1::NodeRunEnd& end);
  void OnObservation(const NodeName& node, const v1::Observation& observation);
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
  // A node's session has ended.
  void Lost(const NodeName& node);
  ActiveRun* Find(const std::string& run_id);
  // A node's message about a run: the run, when the node is a party of it.
  ActiveRun* FindParty(const std::string& run_id, const NodeName& node);
  void AdvanceRun(ActiveRun& run);
  void AdvanceRunning(ActiveRun& run);
  void Fire(ActiveRun& run);
  void JudgeStages(ActiveRun& run);
  void Release(ActiveRun& run, v1::Outcome outcome, const std::string& reason);
  void SendRelease(const NodeName& node, const std::string& run_id, const std::string& reason);
  void Conclude(ActiveRun& run);
  void SendHeartbeats();
  void Changed(ActiveRun& run);
  void Store(const ActiveRun& run);

  const Clock& clock_;
  Fleet& fleet_;
  RunStore& store_;
  ProbeLog& probes_;
  const CoordinatorOptions options_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable work_;
  bool shutdown_ = false;
  bool has_work_ = false;
  Runs runs_;
  MonotonicTime next_heartbeat_;
};

}  // namespace faultline
