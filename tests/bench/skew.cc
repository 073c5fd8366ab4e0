#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "tests/bench/bench_lab.h"
#include "tests/bench/measures.h"
#include "tests/measure/samples.h"

namespace faultline::bench {
namespace {

using measure::Cell;
using measure::Interrupts;
using measure::Samples;
using measure::Table;

constexpr int kLengthMs = 150;
constexpr int kPeriodMs = 250;

std::string Plan(int steps) {
  std::string plan =
      "name: skew\n"
      "groups:\n"
      "  london: {cidrs: [172.32.0.0/16, \"fd20::/48\"]}\n"
      "  paris:  {cidrs: [172.33.0.0/16, \"fd21::/48\"]}\n"
      "steps:\n";
  for (int i = 0; i < steps; ++i) {
    absl::StrAppend(&plan, "  - {at: ", 1000 + i * kPeriodMs, "ms, for: ", kLengthMs, "ms, name: s", i,
                    ", partition: [london, paris]}\n");
  }
  return plan;
}

Duration ToDuration(const google::protobuf::Duration& duration) {
  return std::chrono::seconds(duration.seconds()) + Duration(duration.nanos());
}

// What the nodes reported of one kind of transition.
struct Transitions {
  // By step: when it was confirmed on each node.
  std::map<std::uint32_t, std::vector<Duration>> actual;
  Samples lateness;
  Samples kernel;
};

Transitions Collect(const v1::Run& run, v1::Transition kind) {
  Transitions result;
  for (const v1::NodeRun& node : run.nodes()) {
    for (const v1::StepTransition& transition : node.transitions()) {
      if (transition.transition() != kind) continue;
      result.actual[transition.step()].push_back(ToDuration(transition.actual()));
      result.lateness.Add(ToDuration(transition.actual()) - ToDuration(transition.planned()));
      result.kernel.Add(ToDuration(transition.kernel_time()));
    }
  }
  return result;
}

void AddRow(Table& table, const std::string& when, const std::string& what, const Samples& samples) {
  std::vector<Cell> row{when, what};
  for (Cell& cell : samples.Cells()) row.push_back(std::move(cell));
  table.rows.push_back(std::move(row));
}

absl::Status AddRows(const v1::Run& run, v1::Transition kind, const std::string& when, int steps, Duration clock_error,
                     Table& table) {
  const Transitions transitions = Collect(run, kind);
  Samples skew;
  Samples worst;
  for (const auto& [step, actual] : transitions.actual) {
    if (actual.size() != static_cast<std::size_t>(run.nodes_size())) continue;
    const auto [first, last] = std::minmax_element(actual.begin(), actual.end());
    skew.Add(*last - *first);
    worst.Add(*last - *first + 2 * clock_error);
  }
  if (skew.empty()) return absl::InternalError(absl::StrCat(when, ": no step was reported by all nodes"));
  if (transitions.actual.size() != static_cast<std::size_t>(steps)) {
    table.notes.push_back(absl::StrCat(when, ": only ", transitions.actual.size(), " of ", steps, " steps reported"));
  }
  AddRow(table, when, "skew", skew);
  AddRow(table, when, "skew + clock error", worst);
  AddRow(table, when, "late, each node", transitions.lateness);
  AddRow(table, when, "timer to kernel, each node", transitions.kernel);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Table> MeasureSkew(bool quick) {
  const int steps = quick ? 10 : 50;
  Interrupts interrupts;
  FAULTLINE_ASSIGN_OR_RETURN(const auto lab, BenchLab::Start(interrupts));
  FAULTLINE_ASSIGN_OR_RETURN(const v1::Run run, lab->Run(Plan(steps)));
  Table table{.name = "skew",
              .compares = absl::StrCat("how far apart ", run.nodes_size(),
                                       " lab agents begin (fire) and end (heal) the same step"),
              .columns = {"when", "what"},
              .rows = {},
              .notes = {}};
  const auto& columns = Samples::Columns();
  table.columns.insert(table.columns.end(), columns.begin(), columns.end());
  Samples clock_errors;
  for (const v1::NodeRun& node : run.nodes()) clock_errors.Add(ToDuration(node.clock_error()));
  if (clock_errors.empty()) return absl::InternalError(absl::StrCat("the run reached no node: ", run.summary()));
  const Duration clock_error = clock_errors.Percentile(100);
  FAULTLINE_RETURN_IF_ERROR(AddRows(run, v1::TRANSITION_FIRED, "fire", steps, clock_error, table));
  FAULTLINE_RETURN_IF_ERROR(AddRows(run, v1::TRANSITION_HEALED, "heal", steps, clock_error, table));
  table.notes.insert(
      table.notes.end(),
      {"skew: last minus first kernel confirmation of a step, each after T0 by its agent's clock",
       absl::StrCat("skew + clock error: a bound, with twice the worst agent's clock error (",
                    std::chrono::duration_cast<std::chrono::microseconds>(clock_error).count(), " us)"),
       "all agents share this machine's cores, so they wait for each other; on machines of their own they do not"});
  return table;
}

}  // namespace faultline::bench
