#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/status.h"
#include "tests/bench/bench_lab.h"
#include "tests/bench/measures.h"
#include "tests/measure/process.h"
#include "tests/measure/runs.h"

namespace faultline::bench {
namespace {

using measure::Cell;
using measure::Goal;
using measure::Interrupts;
using measure::ProcessResult;
using measure::RunProcess;
using measure::Runs;
using measure::Table;
using measure::ToStatus;

// 102 agents.
constexpr int kNodesPerSubnet = 17;
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

// What one kind of transition of all runs came to.
struct Skews {
  Runs skew;
  // With twice the worst agent's clock error.
  Runs worst;
  Runs lateness;
  Runs kernel;
};

Duration ClockErrorOf(const v1::Run& run) {
  Duration error{0};
  for (const v1::NodeRun& node : run.nodes()) error = std::max(error, ToDuration(node.clock_error()));
  return error;
}

// Only steps that all nodes have reported.
void Add(const v1::Run& run, v1::Transition kind, Skews& skews) {
  for (Runs* runs : {&skews.skew, &skews.worst, &skews.lateness, &skews.kernel}) runs->Begin();
  std::map<std::uint32_t, std::vector<Duration>> actual;
  for (const v1::NodeRun& node : run.nodes()) {
    for (const v1::StepTransition& transition : node.transitions()) {
      if (transition.transition() != kind) continue;
      actual[transition.step()].push_back(ToDuration(transition.actual()));
      skews.lateness.Add(ToDuration(transition.actual()) - ToDuration(transition.planned()));
      skews.kernel.Add(ToDuration(transition.kernel_time()));
    }
  }
  for (const auto& [step, times] : actual) {
    if (times.size() != static_cast<std::size_t>(run.nodes_size())) continue;
    const auto [first, last] = std::ranges::minmax_element(times);
    skews.skew.Add(*last - *first);
    skews.worst.Add(*last - *first + 2 * ClockErrorOf(run));
  }
}

void AddSkewRow(Table& table, const std::string& when, const std::string& what, const Runs& runs) {
  std::vector<Cell> row{when, what};
  for (Cell& cell : runs.Cells()) row.push_back(std::move(cell));
  table.rows.push_back(std::move(row));
}

// Threads that want a processor each and do nothing with it, for as long as this lives.
class Burners {
 public:
  explicit Burners(unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      threads_.emplace_back([this] {
        while (burning_) {
        }
      });
    }
  }
  ~Burners() {
    burning_ = false;
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::atomic<bool> burning_ = true;
  std::vector<std::thread> threads_;
};

absl::Status MeasureRuns(BenchLab& lab, const std::string& when, int runs, int steps, Table& table) {
  Skews fired;
  Skews healed;
  int nodes = 0;
  for (int i = 0; i < runs; ++i) {
    FAULTLINE_ASSIGN_OR_RETURN(const v1::Run run, lab.Run(Plan(steps)));
    nodes = run.nodes_size();
    Add(run, v1::TRANSITION_FIRED, fired);
    Add(run, v1::TRANSITION_HEALED, healed);
  }
  for (const auto& [kind, skews] : {std::pair("fire", &fired), std::pair("heal", &healed)}) {
    if (skews->skew.empty()) return absl::InternalError(absl::StrCat(when, ": no step was reported by all nodes"));
    AddSkewRow(table, when, absl::StrCat(kind, ", skew"), skews->skew);
    AddSkewRow(table, when, absl::StrCat(kind, ", skew + clock error"), skews->worst);
    AddSkewRow(table, when, absl::StrCat(kind, ", late, each node"), skews->lateness);
    AddSkewRow(table, when, absl::StrCat(kind, ", timer to kernel, each node"), skews->kernel);
  }
  table.goals.push_back({absl::StrCat("skew of a fire over ", nodes, " agents, ", when, ", p99"), Goal::Sense::kAtMost,
                         1000, fired.skew.Percentile(99), "us"});
  return absl::OkStatus();
}

// One rule in every namespace by a process each, all at once or one after the other: from the first process's end to
// the last one's.
absl::Status MeasureTool(const std::vector<std::string>& namespaces, bool parallel, int runs, Table& table) {
  const std::string each = "ip netns exec $n iptables -w -A INPUT -s 10.99.0.0/16 -j DROP; echo $EPOCHREALTIME";
  const std::vector<std::string> command{"bash", "-c",
                                         absl::StrCat("export LC_ALL=C; for n in ", absl::StrJoin(namespaces, " "),
                                                      parallel ? absl::StrCat("; do { ", each, "; } & done; wait")
                                                               : absl::StrCat("; do ", each, "; done"))};
  Runs skew;
  for (int i = 0; i < runs; ++i) {
    const ProcessResult result = RunProcess(command);
    FAULTLINE_RETURN_IF_ERROR(ToStatus(result, {"ip netns exec ... iptables"}));
    std::vector<double> ends;
    for (const absl::string_view line : absl::StrSplit(result.output, '\n', absl::SkipEmpty())) {
      if (!absl::SimpleAtod(line, &ends.emplace_back(0)))
        return absl::InternalError(absl::StrCat("not a time: ", line));
    }
    if (ends.size() != namespaces.size()) return absl::InternalError("not every namespace had its rule");
    const auto [first, last] = std::ranges::minmax_element(ends);
    skew.Begin();
    skew.Add(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*last - *first)));
  }
  AddSkewRow(table, "idle",
             parallel ? "ip netns exec ... iptables, all at once" : "ip netns exec ... iptables, in turn", skew);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Table> MeasureSkew(bool quick) {
  const int runs = quick ? 1 : 5;
  const int steps = quick ? 5 : 8;
  Interrupts interrupts;
  FAULTLINE_ASSIGN_OR_RETURN(const auto lab,
                             BenchLab::Start(interrupts, BenchLab::Fleet::kWhole, quick ? 1 : kNodesPerSubnet));
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<std::string> namespaces, lab->Namespaces());
  const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  Table table{.name = "skew",
              .compares = absl::StrCat("how far apart ", namespaces.size(),
                                       " lab agents begin (fire) and end (heal) the same step"),
              .columns = {"machine", "what"},
              .rows = {},
              .notes = {"skew: last minus first kernel confirmation of a step, each after T0 by its agent's clock",
                        "skew + clock error: a bound, with twice the worst agent's clock error of the run",
                        "under load: as many threads as cores that only want the processor",
                        "agents carry faults out at real-time priority, as under their unit, where it is permitted",
                        "the tools: from the first process's end to the last one's",
                        "all agents share this machine's cores, so they wait for each other; on machines of their own "
                        "they do not"}};
  table.bounded_by =
      absl::StrCat("The processors: ", namespaces.size(), " agents, each with a batch for the kernel, have ", cores,
                   " cores between them at one instant, so the last waits for what all before it take.");
  const auto& columns = Runs::Columns();
  table.columns.insert(table.columns.end(), columns.begin(), columns.end());
  FAULTLINE_RETURN_IF_ERROR(MeasureRuns(*lab, "idle", runs, steps, table));
  {
    const Burners burners(cores);
    FAULTLINE_RETURN_IF_ERROR(MeasureRuns(*lab, "under load", runs, steps, table));
  }
  for (const bool parallel : {true, false}) {
    FAULTLINE_RETURN_IF_ERROR(MeasureTool(namespaces, parallel, runs, table));
  }
  return table;
}

}  // namespace faultline::bench
