#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/status.h"
#include "tests/bench/bench_lab.h"
#include "tests/bench/measures.h"
#include "tests/bench/observed_plan.h"
#include "tests/bench/process_usage.h"
#include "tests/measure/figures.h"

namespace faultline::bench {
namespace {

using measure::Cell;
using measure::Interrupts;
using measure::Seconds;
using measure::Table;

// The first reports, and sessions that have just begun: after it, one of which nothing is wanted is idle.
constexpr Duration kAgentSettle = std::chrono::seconds(20);
// Bytes are of this long, times what makes it five minutes: several of the exchanges of an idle session.
constexpr Duration kIdleTime = std::chrono::seconds(60);
constexpr Duration kQuickIdleTime = std::chrono::seconds(24);
constexpr Duration kFiveMinutes = std::chrono::minutes(5);

constexpr int kPrefixes = 100'000;
constexpr Duration kPollInterval = std::chrono::milliseconds(100);
constexpr Duration kRunPatience = std::chrono::minutes(1);

// 0.1 % of a core.
constexpr char kCpuGoal[] = "1000";
constexpr char kNoGoal[] = "";

double Megabytes(std::int64_t bytes) { return static_cast<double>(bytes) / 1e6; }

// A figure of one or several agents: their median and the greatest. REQUIRES: not empty.
std::vector<Cell> Row(std::string figure, std::vector<double> values, std::string goal) {
  std::ranges::sort(values);
  return {std::move(figure), values[values.size() / 2], values.back(), std::move(goal)};
}

absl::StatusOr<std::vector<ProcessUsage>> UsageOfAll(const std::vector<pid_t>& pids) {
  std::vector<ProcessUsage> all;
  for (const pid_t pid : pids) {
    FAULTLINE_ASSIGN_OR_RETURN(all.emplace_back(), UsageOf(pid));
  }
  return all;
}

void AddUsage(const std::string& when, const char* cpu_goal, Duration time, const std::vector<ProcessUsage>& before,
              const std::vector<ProcessUsage>& after, Table& table) {
  std::vector<double> processor;
  std::vector<double> wakeups;
  std::vector<double> resident;
  for (std::size_t i = 0; i < after.size(); ++i) {
    processor.push_back(Seconds(after[i].processor - before[i].processor) / Seconds(time) * 1e6);
    wakeups.push_back(static_cast<double>(after[i].wakeups - before[i].wakeups) / Seconds(time));
    resident.push_back(Megabytes(after[i].resident_bytes));
  }
  table.rows.push_back(Row(absl::StrCat(when, ": CPU, us a second"), processor, cpu_goal));
  // A run renews the probes' key, and with it the thread that had most of them.
  if (cpu_goal != kNoGoal) table.rows.push_back(Row(absl::StrCat(when, ": wake-ups/s"), wakeups, kNoGoal));
  table.rows.push_back(Row(absl::StrCat(when, ": RSS, MB"), resident, cpu_goal == kNoGoal ? kNoGoal : "16"));
}

absl::StatusOr<pid_t> OnlyAgent(BenchLab& lab) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<pid_t> pids, lab.AgentPids());
  if (pids.size() != 1) return absl::InternalError("the lab has not one agent");
  return pids.front();
}

// Disjoint, and no two of them one larger prefix.
std::string LargePlan() {
  std::string plan = "name: large\ngroups:\n  me: {nodes: [lon-1]}\n  many:\n    cidrs:\n";
  for (int i = 0; i < kPrefixes; ++i) {
    absl::StrAppendFormat(&plan, "      - 10.%d.%d.%d/32\n", i >> 15, (i >> 7) & 255, (i & 127) * 2);
  }
  return plan + "steps:\n  - {name: cut, at: 0s, for: 1m, block: {from: many, to: me}}\n";
}

absl::Status AwaitFired(BenchLab& lab, const std::string& run, Interrupts& interrupts) {
  for (Duration waited(0); waited < kRunPatience; waited += kPollInterval) {
    FAULTLINE_ASSIGN_OR_RETURN(const v1::Run now, lab.Show(run));
    if (!now.nodes().empty() && !now.nodes(0).transitions().empty()) return absl::OkStatus();
    FAULTLINE_RETURN_IF_ERROR(interrupts.WaitFor(kPollInterval));
  }
  return absl::InternalError(absl::StrCat(run, " did not begin"));
}

// An agent that nobody probes, and then one that holds a fault of many prefixes.
absl::Status MeasureAlone(Interrupts& interrupts, Duration time, BenchLab::Fleet fleet, Table& table) {
  const bool tls = fleet == BenchLab::Fleet::kOneAgentTls;
  FAULTLINE_ASSIGN_OR_RETURN(const auto lab, BenchLab::Start(interrupts, fleet));
  FAULTLINE_ASSIGN_OR_RETURN(const pid_t pid, OnlyAgent(*lab));
  FAULTLINE_RETURN_IF_ERROR(interrupts.WaitFor(kAgentSettle));
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<ProcessUsage> before, UsageOfAll({pid}));
  FAULTLINE_ASSIGN_OR_RETURN(const InterfaceBytes bytes_before, BytesOf(pid, "eth0"));
  FAULTLINE_RETURN_IF_ERROR(interrupts.WaitFor(time));
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<ProcessUsage> after, UsageOfAll({pid}));
  FAULTLINE_ASSIGN_OR_RETURN(const InterfaceBytes bytes, BytesOf(pid, "eth0"));
  const std::string when = tls ? "one agent, mutual TLS" : "one agent, plaintext";
  AddUsage(when, kCpuGoal, time, before, after, table);
  const auto in_five_minutes = [time](std::int64_t count) {
    return static_cast<double>(count) / 1e3 * Seconds(kFiveMinutes) / Seconds(time);
  };
  table.rows.push_back(
      Row(absl::StrCat(when, ": sent, kB in 5 min"), {in_five_minutes(bytes.sent - bytes_before.sent)}, "10"));
  table.rows.push_back(Row(absl::StrCat(when, ": received, kB in 5 min"),
                           {in_five_minutes(bytes.received - bytes_before.received)}, "10"));
  if (tls) return absl::OkStatus();

  FAULTLINE_ASSIGN_OR_RETURN(std::string id, lab->Faultline({"run", "/dev/stdin", "--detach"}, LargePlan()));
  absl::StripAsciiWhitespace(&id);
  FAULTLINE_RETURN_IF_ERROR(AwaitFired(*lab, id, interrupts));
  FAULTLINE_ASSIGN_OR_RETURN(const ProcessUsage holding, UsageOf(pid));
  FAULTLINE_RETURN_IF_ERROR(lab->Faultline({"abort", id}).status());
  FAULTLINE_RETURN_IF_ERROR(interrupts.WaitFor(std::chrono::seconds(2)));
  FAULTLINE_ASSIGN_OR_RETURN(const ProcessUsage healed, UsageOf(pid));
  const std::string large = absl::StrFormat("one agent, %d prefixes", kPrefixes);
  table.rows.push_back(Row(large + ": RSS, MB, armed and fired", {Megabytes(holding.resident_bytes)}, "64"));
  table.rows.push_back(Row(large + ": RSS, MB, at most", {Megabytes(holding.most_resident_bytes)}, "64"));
  table.rows.push_back(Row(large + ": RSS, MB, 2 s after the end", {Megabytes(healed.resident_bytes)}, "16"));
  return absl::OkStatus();
}

absl::Status MeasureFleet(Interrupts& interrupts, Table& table) {
  FAULTLINE_ASSIGN_OR_RETURN(const auto lab, BenchLab::Start(interrupts));
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<pid_t> pids, lab->AgentPids());
  if (pids.empty()) return absl::InternalError("the lab has no agents");
  FAULTLINE_RETURN_IF_ERROR(interrupts.WaitFor(kAgentSettle));
  const std::string agents = absl::StrFormat("%d agents that probe", pids.size());
  for (const bool running : {false, true}) {
    FAULTLINE_ASSIGN_OR_RETURN(const std::vector<ProcessUsage> before, UsageOfAll(pids));
    if (running) FAULTLINE_RETURN_IF_ERROR(lab->Faultline({"run", "/dev/stdin", "--detach"}, kObservedPlan).status());
    FAULTLINE_RETURN_IF_ERROR(interrupts.WaitFor(kObservedTime));
    FAULTLINE_ASSIGN_OR_RETURN(const std::vector<ProcessUsage> after, UsageOfAll(pids));
    AddUsage(agents + (running ? ", a run of two steps" : ""), running ? kNoGoal : kCpuGoal, kObservedTime, before,
             after, table);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Table> MeasureAgents(bool quick) {
  Interrupts interrupts;
  const Duration time = quick ? kQuickIdleTime : kIdleTime;
  Table table{
      .name = "agents",
      .compares = "what an agent uses, beside its goals",
      .columns = {"figure", "median", "max", "goal"},
      .rows = {},
      .notes = {absl::StrFormat("one agent: nobody to probe; over %d s, of which 5 min are computed; bytes of its "
                                "interface, all headers included",
                                time / std::chrono::seconds(1)),
                absl::StrFormat("agents that probe: over %d s; dual-stack, at the default 20 probes/s each; what "
                                "the lab's routers do with a probe counts as its sender's",
                                kObservedTime / std::chrono::seconds(1)),
                "the run: two steps, with a probe every 5 ms around where they begin and end"}};
  for (const auto fleet : {BenchLab::Fleet::kOneAgent, BenchLab::Fleet::kOneAgentTls}) {
    FAULTLINE_RETURN_IF_ERROR(MeasureAlone(interrupts, time, fleet, table));
  }
  FAULTLINE_RETURN_IF_ERROR(MeasureFleet(interrupts, table));
  return table;
}

}  // namespace faultline::bench
