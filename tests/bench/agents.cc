#include <algorithm>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/status.h"
#include "tests/bench/bench_lab.h"
#include "tests/bench/measures.h"
#include "tests/bench/observed_plan.h"
#include "tests/bench/process_usage.h"

namespace faultline::bench {
namespace {

using measure::Cell;
using measure::Interrupts;
using measure::Table;

// The first reports, and sessions that have just begun.
constexpr Duration kSettle = std::chrono::seconds(5);

absl::StatusOr<std::vector<ProcessUsage>> UsageOfAll(const std::vector<pid_t>& pids) {
  std::vector<ProcessUsage> all;
  for (const pid_t pid : pids) {
    FAULTLINE_ASSIGN_OR_RETURN(all.emplace_back(), UsageOf(pid));
  }
  return all;
}

// The median of the agents, and the greatest. REQUIRES: not empty.
void AddCells(std::vector<double> values, std::vector<Cell>& row) {
  std::ranges::sort(values);
  row.insert(row.end(), {values[values.size() / 2], values.back()});
}

std::vector<Cell> Row(const std::string& when, const std::vector<ProcessUsage>& before,
                      const std::vector<ProcessUsage>& after) {
  const double seconds = std::chrono::duration<double>(kObservedTime).count();
  std::vector<double> processor;
  std::vector<double> wakeups;
  std::vector<double> resident;
  for (std::size_t i = 0; i < after.size(); ++i) {
    const std::chrono::duration<double> used = after[i].processor - before[i].processor;
    processor.push_back(used.count() / seconds * 100);
    wakeups.push_back(static_cast<double>(after[i].wakeups - before[i].wakeups) / seconds);
    resident.push_back(static_cast<double>(after[i].resident_bytes) / 1e6);
  }
  std::vector<Cell> row = {when};
  for (const auto& values : {processor, wakeups, resident}) AddCells(values, row);
  return row;
}

}  // namespace

absl::StatusOr<Table> MeasureAgents(bool /*quick*/) {
  Interrupts interrupts;
  FAULTLINE_ASSIGN_OR_RETURN(const auto lab, BenchLab::Start(interrupts));
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<pid_t> pids, lab->AgentPids());
  if (pids.empty()) return absl::InternalError("the lab has no agents");
  Table table{.name = "agents",
              .compares = absl::StrFormat("what each of %d agents uses to probe the others and report", pids.size()),
              .columns = {"while", "CPU % of one core", "max", "wakeups/s", "max", "RSS MB", "max"},
              .rows = {},
              .notes = {absl::StrFormat("medians of the agents, over %d s; dual-stack, at the default 20 probes/s each",
                                        kObservedTime / std::chrono::seconds(1)),
                        "the run: two steps, with a probe every 5 ms around where they begin and end"}};
  FAULTLINE_RETURN_IF_ERROR(interrupts.WaitFor(kSettle));
  for (const bool running : {false, true}) {
    FAULTLINE_ASSIGN_OR_RETURN(const std::vector<ProcessUsage> before, UsageOfAll(pids));
    if (running) FAULTLINE_RETURN_IF_ERROR(lab->Faultline({"run", "/dev/stdin", "--detach"}, kObservedPlan).status());
    FAULTLINE_RETURN_IF_ERROR(interrupts.WaitFor(kObservedTime));
    FAULTLINE_ASSIGN_OR_RETURN(const std::vector<ProcessUsage> after, UsageOfAll(pids));
    table.rows.push_back(Row(running ? "a run of two steps" : "no run", before, after));
  }
  return table;
}

}  // namespace faultline::bench
