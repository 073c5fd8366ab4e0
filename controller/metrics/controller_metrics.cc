#include "controller/metrics/controller_metrics.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/timeline_codec.h"

namespace faultline {
namespace {

constexpr std::array<std::pair<RunPhase, const char*>, 8> kPhases = {{{RunPhase::kWaiting, "waiting"},
                                                                      {RunPhase::kCompiling, "compiling"},
                                                                      {RunPhase::kChecking, "checking"},
                                                                      {RunPhase::kArming, "arming"},
                                                                      {RunPhase::kRunning, "running"},
                                                                      {RunPhase::kReleasing, "releasing"},
                                                                      {RunPhase::kRecovering, "recovering"},
                                                                      {RunPhase::kUnstored, "unstored"}}};

constexpr std::array<std::pair<v1::Outcome, const char*>, 6> kOutcomes = {{{v1::OUTCOME_VERIFIED, "verified"},
                                                                           {v1::OUTCOME_NOT_VERIFIED, "not_verified"},
                                                                           {v1::OUTCOME_REFUSED, "refused"},
                                                                           {v1::OUTCOME_ABORTED, "aborted"},
                                                                           {v1::OUTCOME_INTERRUPTED, "interrupted"},
                                                                           {v1::OUTCOME_MISSED, "missed"}}};

void AddNodes(const std::vector<v1::Node>& nodes, FamilyList& list) {
  list.Gauge("nodes", "Nodes that have registered since the controller started.")
      .Add(static_cast<double>(nodes.size()));
  list.Gauge("sessions", "Of these, those whose session is up.")
      .Add(static_cast<double>(std::ranges::count_if(nodes, &v1::Node::connected)));
  list.Gauge("node_session_up", "1 while the node's session is up, else 0.");
  for (const v1::Node& node : nodes) list.Add(node.connected() ? 1 : 0, {{"node", node.info().name()}});
  list.Gauge("node_clock_error_bound_seconds",
             "Most by which the node can be mistaken in the controller's time: half its best recent round trip.");
  for (const v1::Node& node : nodes) {
    if (!node.connected() || !node.has_round_trip()) continue;
    list.Add(DecodeDuration(node.round_trip()).value_or(Duration(0)) / 2, {{"node", node.info().name()}});
  }
}

void AddRuns(const std::vector<CoordinatorStatus::Run>& runs, FamilyList& list) {
  list.Gauge("runs", "Runs that are not over, by where they stand.");
  for (const auto& [phase, name] : kPhases) {
    list.Add(static_cast<double>(std::ranges::count(runs, phase, &CoordinatorStatus::Run::phase)), {{"phase", name}});
  }
  std::size_t active = 0;
  for (const CoordinatorStatus::Run& run : runs) active += run.faults.size();
  list.Gauge("active_faults", "Steps that act now by their plans, on nodes that have not told the end of their part.")
      .Add(static_cast<double>(active));
  list.Gauge("fault_remaining_seconds", "Until the active step ends by its plan.");
  for (const CoordinatorStatus::Run& run : runs) {
    for (const CoordinatorStatus::Fault& fault : run.faults) {
      list.Add(fault.left, {{"run", run.id}, {"step", fault.step}, {"index", absl::StrCat(fault.index)}});
    }
  }
  list.Gauge("run_remaining_seconds", "Until the run ends by its plan.");
  for (const CoordinatorStatus::Run& run : runs) {
    if (run.left) list.Add(*run.left, {{"run", run.id}, {"plan", run.plan}});
  }
  list.Gauge("run_nodes", "Nodes that were sent a part of the run and have not told its end.");
  for (const CoordinatorStatus::Run& run : runs) list.Add(run.nodes, {{"run", run.id}});
  list.Gauge("run_nodes_gone", "Of these, those whose session is down.");
  for (const CoordinatorStatus::Run& run : runs) list.Add(run.gone, {{"run", run.id}});
}

void AddEnds(const CoordinatorStatus& status, FamilyList& list) {
  AddStepLateness(status.lateness, list);
  list.Counter("runs_ended_total", "Runs that were over, by how they ended.");
  for (const auto& [outcome, name] : kOutcomes) {
    const auto count = status.ended.find(outcome);
    list.Add(count == status.ended.end() ? 0.0 : static_cast<double>(count->second), {{"outcome", name}});
  }
}

void AddProbes(const std::map<ProbeTotals::Pair, ProbeTotals::Total>& probes, FamilyList& list) {
  const auto labels = [](const ProbeTotals::Pair& pair) {
    return MetricLabels{{"from_region", pair.from}, {"to_region", pair.to}};
  };
  list.Counter("probes_sent_total", "Probes that nodes of one region sent to nodes of another, or of the same.");
  for (const auto& [pair, total] : probes) list.Add(static_cast<double>(total.sent), labels(pair));
  list.Counter("probes_received_total", "Of these, those that arrived.");
  for (const auto& [pair, total] : probes) list.Add(static_cast<double>(total.received), labels(pair));
  list.Summary("probe_delay_seconds", "How long those took that arrived; carries both nodes' clock errors.");
  for (const auto& [pair, total] : probes) list.Add(total.timed, total.sum_delay, labels(pair));
}

}  // namespace

Families ControllerMetrics(const ControllerSnapshot& snapshot) {
  FamilyList list("faultline_controller_");
  list.Gauge("build_info", "Always 1; what runs here.")
      .Add(1, {{"version", snapshot.version}, {"kernel", snapshot.kernel_release}});
  AddNodes(snapshot.nodes, list);
  AddRuns(snapshot.runs.runs, list);
  AddEnds(snapshot.runs, list);
  AddProbes(snapshot.runs.probes, list);
  return list.Take();
}

}  // namespace faultline
