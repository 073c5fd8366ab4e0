#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/name.h"
#include "common/timeline.h"
#include "controller/compile/compiler.h"
#include "controller/compile/predict.h"
#include "controller/plan/plan.h"
#include "controller/report/probe_config.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// Where a run that is not over stands.
enum class RunPhase : std::uint8_t {
  // Timelines are out; not every node has answered.
  kArming,
  // T0 is set.
  kRunning,
  // Every node was told to let go; not every node has confirmed.
  kReleasing,
  // Found unfinished at the controller's start; waiting for its nodes to tell how it ended there.
  kRecovering,
};

// One run that is not over: its stored record and what is only of interest while it goes on. A plain value with the
// bookkeeping of node answers; the Coordinator decides and sends. Not thread-safe.
struct ActiveRun {
  v1::Run record;
  RunPhase phase = RunPhase::kArming;
  // Every inventory node's part, by name; empty when recovering.
  std::map<NodeName, Timeline> timelines;
  std::vector<Stage> stages;
  // Whom the verdict looks at: the inventory it was compiled for.
  std::vector<ProbeNode> nodes;
  // Nodes with a fault to carry out.
  std::set<NodeName> parties;
  std::set<NodeName> armed;
  std::optional<ControllerTime> t0;
  // kArming: when patience ends. kReleasing, kRecovering, kRunning: when nodes that have not answered are given up.
  ControllerTime deadline;
  // What the run will have ended as, once it is released.
  v1::Outcome outcome = v1::OUTCOME_UNSPECIFIED;
  // Grows with every change; watchers wait for it.
  std::uint64_t version = 1;

  // The node's part of the record. REQUIRES: the node is a party.
  v1::NodeRun& PartOf(const NodeName& node);
  bool IsParty(const NodeName& node) const { return parties.contains(node); }
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
  // Sets a party's outcome if it has none. False when it has.
  bool SetOutcome(const NodeName& node, const v1::NodeOutcome& node_outcome);
  // Gives every party without an outcome this one.
  void GiveUp(v1::NodeEnd end, const std::string& detail);
};

// A run of a compiled plan, about to be armed. REQUIRES: the plan was compiled without errors.
ActiveRun MakeActiveRun(const std::string& id, const Plan& plan, Compiled compiled, std::vector<ProbeNode> nodes,
                        Duration lease);

// Names of the nodes that ended otherwise than `end`: "par-1 (lost its lease), par-2 (vanished)"; empty when none.
std::string DescribeEnds(const v1::Run& run, v1::NodeEnd except);

}  // namespace faultline
