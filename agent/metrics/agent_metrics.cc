#include "agent/metrics/agent_metrics.h"

#include <array>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

constexpr std::array<std::pair<RunEnd, const char*>, 6> kEnds = {{{RunEnd::kCompleted, "completed"},
                                                                  {RunEnd::kReleased, "released"},
                                                                  {RunEnd::kLeaseLost, "lease_lost"},
                                                                  {RunEnd::kShutdown, "shutdown"},
                                                                  {RunEnd::kLocalHeal, "local_heal"},
                                                                  {RunEnd::kFailed, "failed"}}};

// The index as well: nothing keeps two steps from having one name.
MetricLabels LabelsOf(const EngineStatus::Run& run, const EngineStatus::Step& step) {
  return {{"run", run.id.text()}, {"step", step.name}, {"index", absl::StrCat(step.index)}};
}

// A sample for each step of which there is a value.
template <typename Value>
void AddByStep(const EngineStatus& engine, const std::function<std::optional<Value>(const EngineStatus::Step&)>& value,
               FamilyList& list) {
  for (const EngineStatus::Run& run : engine.runs) {
    for (const EngineStatus::Step& step : run.steps) {
      if (const std::optional<Value> sample = value(step)) list.Add(*sample, LabelsOf(run, step));
    }
  }
}

void AddCounter(const EngineStatus& engine, const char* name, const char* help, std::uint64_t RuleCounters::*member,
                FamilyList& list) {
  list.Counter(name, help);
  const auto value = [member](const EngineStatus::Step& step) -> std::optional<double> {
    if (!step.counters) return std::nullopt;
    return static_cast<double>(*step.counters.*member);
  };
  AddByStep<double>(engine, value, list);
}

void AddSession(const AgentSnapshot& snapshot, FamilyList& list) {
  list.Gauge("build_info", "Always 1; what runs here.")
      .Add(1, {{"version", snapshot.version}, {"kernel", snapshot.kernel_release}, {"node", snapshot.node.text()}});
  list.Gauge("session_up", "1 while the controller has this node registered, else 0.").Add(snapshot.registered ? 1 : 0);
  list.Gauge("clock_error_bound_seconds",
             "Most by which the controller's time can be mistaken here: half the best recent round trip.");
  if (snapshot.round_trip) list.Add(*snapshot.round_trip / 2);
}

void AddRuns(const EngineStatus& engine, FamilyList& list) {
  int fired = 0;
  int active = 0;
  int open = 0;
  for (const EngineStatus::Run& run : engine.runs) {
    fired += run.fired ? 1 : 0;
    for (const EngineStatus::Step& step : run.steps) {
      active += step.left ? 1 : 0;
      open += step.gate_left ? 1 : 0;
    }
  }
  list.Gauge("runs", "Runs held, by whether they have begun: armed or fired.")
      .Add(static_cast<int>(engine.runs.size()) - fired, {{"state", "armed"}})
      .Add(fired, {{"state", "fired"}});
  list.Gauge("active_faults", "Steps that have begun and not ended, and in which this node has a part.").Add(active);
  list.Gauge("open_gates", "Of these, those whose rules act at this moment.").Add(open);

  list.Gauge("fault_remaining_seconds", "Until the active step ends by its plan.");
  AddByStep<Duration>(engine, &EngineStatus::Step::left, list);
  list.Gauge("gate_remaining_seconds", "Until the kernel ends the step's rules by itself, unless they are renewed.");
  AddByStep<Duration>(engine, &EngineStatus::Step::gate_left, list);
  list.Gauge("lease_seconds", "How long the run outlives its last renewal by the controller.");
  for (const EngineStatus::Run& run : engine.runs) list.Add(run.lease, {{"run", run.id.text()}});
  list.Gauge("lease_remaining_seconds", "How much of it is left.");
  for (const EngineStatus::Run& run : engine.runs) list.Add(run.lease_left, {{"run", run.id.text()}});
}

void AddCounters(const EngineStatus& engine, FamilyList& list) {
  AddCounter(engine, "fault_packets_total",
             "Packets that the step's rules chose, as the hook saw them: often several on the wire.",
             &RuleCounters::packets, list);
  AddCounter(engine, "fault_bytes_total", "Bytes of these packets.", &RuleCounters::bytes, list);
  AddCounter(engine, "fault_passed_packets_total", "Packets on the wire that the impairment's lanes let through.",
             &RuleCounters::passed, list);
  AddCounter(engine, "fault_lost_packets_total", "Packets on the wire that the impairment lost as asked.",
             &RuleCounters::lost, list);
  AddCounter(engine, "fault_overflowed_packets_total", "Packets on the wire that found a lane's queue full.",
             &RuleCounters::overflowed, list);
}

void AddEnds(const AgentSnapshot& snapshot, FamilyList& list) {
  AddStepLateness(snapshot.counts.lateness, list);
  list.Counter("runs_ended_total", "Runs that were over here, by how they ended.");
  for (const auto& [end, name] : kEnds) {
    const auto count = snapshot.counts.ends.find(end);
    list.Add(count == snapshot.counts.ends.end() ? 0.0 : static_cast<double>(count->second), {{"end", name}});
  }
  list.Gauge("residue", "1 while something of a run that is over is left in the kernel, else 0.")
      .Add(snapshot.engine.residue ? 1 : 0);
}

void AddProbes(const ProberStatus& probes, FamilyList& list) {
  const auto add = [&list](const char* name, const char* help, std::uint64_t value) {
    list.Counter(name, help).Add(static_cast<double>(value));
  };
  add("probes_sent_total", "Probes sent.", probes.sent);
  add("probe_send_errors_total", "Probes that the kernel would not take.", probes.send_errors);
  add("probes_received_total", "Probes of other nodes that arrived.", probes.received);
  add("probes_duplicate_total", "Probes of other nodes that arrived again.", probes.duplicates);
  add("probes_foreign_total", "Datagrams on the probe port that are no probes of this fleet.", probes.foreign);
  add("probe_windows_dropped_total", "Windows of probes that were dropped since no controller took them.",
      probes.dropped_windows);
  list.Gauge("probing_healthy", "0 when probing has stopped by itself, else 1.").Add(probes.health.ok() ? 1 : 0);
}

}  // namespace

Families AgentMetrics(const AgentSnapshot& snapshot) {
  FamilyList list("faultline_agent_");
  AddSession(snapshot, list);
  AddRuns(snapshot.engine, list);
  AddCounters(snapshot.engine, list);
  AddEnds(snapshot, list);
  AddProbes(snapshot.probes, list);
  return list.Take();
}

}  // namespace faultline
