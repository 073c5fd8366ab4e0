#include <unistd.h>

#include <future>

#include "absl/strings/str_cat.h"
#include "agent/kernel/linux_kernel.h"
#include "agent/timeline/engine_thread.h"
#include "agent/timeline/real_time.h"
#include "common/status.h"
#include "tests/bench/cidr_program.h"
#include "tests/bench/contender.h"
#include "tests/bench/measures.h"
#include "tests/measure/runs.h"

namespace faultline::bench {
namespace {

using measure::Cell;
using measure::Goal;
using measure::Growth;
using measure::Runs;
using measure::Table;

using std::chrono::milliseconds;

// Steps begin this far apart, and end half-way between two beginnings, so that every fire is a batch of its own.
constexpr Duration kPeriod = milliseconds(20);
constexpr Duration kLength = milliseconds(110);
// From the call of Fire to the first step.
constexpr Duration kLead = milliseconds(200);

// So many steps a run: every step adds a set and a chain to the table, and plans have tens, not hundreds.
constexpr int kSteps = 50;

struct FireRuns {
  Runs kernel;
  Runs waking;
  Runs lateness;
};

// Adds what the engine reports of one run. Its samples must not be read before AwaitEnd has returned.
class FireRecorder : public EngineListener {
 public:
  explicit FireRecorder(FireRuns& runs) : runs_(runs) {}

  void OnStep(const RunId&, const StepReport& report) override {
    if (!report.fired) return;
    const Duration late = report.actual - report.planned;
    runs_.kernel.Add(report.kernel_time);
    runs_.waking.Add(late - report.kernel_time);
    runs_.lateness.Add(late);
  }
  void OnRunEnd(const RunId&, const RunReport& report) override { end_.set_value(report); }
  void OnForeignChange(const RunId&, std::optional<Duration>, const std::string&) override {}
  RunReport AwaitEnd() { return end_.get_future().get(); }

 private:
  FireRuns& runs_;
  std::promise<RunReport> end_;
};

absl::Status FireRun(Kernel& kernel, const CidrRun& run, FireRuns& runs) {
  const SystemClock clock;
  for (Runs* of : {&runs.kernel, &runs.waking, &runs.lateness}) of->Begin();
  FireRecorder recorder(runs);
  EngineThread engine(kernel, clock, recorder, Limits());
  MakeRealTime(getpid()).IgnoreError();  // Some machines permit it to nobody.
  FAULTLINE_RETURN_IF_ERROR(engine.Arm(run.timeline, run.program));
  FAULTLINE_RETURN_IF_ERROR(engine.Fire(run.timeline.run, clock.Now()));
  const RunReport report = recorder.AwaitEnd();
  if (report.end == RunEnd::kCompleted) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("the run did not come to its end: ", report.detail));
}

absl::StatusOr<FireRuns> FireOften(std::size_t cidrs, int runs) {
  std::vector<Step> steps;
  for (int i = 0; i < kSteps; ++i) steps.push_back(CidrStep(static_cast<StepIndex>(i), kLead + kPeriod * i, kLength));
  const CidrRun run = MakeCidrRun("fire", cidrs, std::move(steps));
  FAULTLINE_RETURN_IF_ERROR(CheckTimeline(run.timeline));
  FAULTLINE_ASSIGN_OR_RETURN(const auto kernel, LinuxKernel::Open());
  FireRuns result;
  for (int i = 0; i < runs; ++i) FAULTLINE_RETURN_IF_ERROR(FireRun(*kernel, run, result));
  return result;
}

void AddFireRow(std::size_t cidrs, const std::string& who, const Runs& runs, Table& table) {
  std::vector<Cell> row{static_cast<std::int64_t>(cidrs), who};
  for (Cell& cell : runs.Cells()) row.push_back(std::move(cell));
  table.rows.push_back(std::move(row));
}

// What has nothing armed fires by loading.
absl::Status AddTools(std::size_t cidrs, int runs, std::span<const std::unique_ptr<Contender>> tools, Table& table) {
  for (const auto& tool : tools) {
    if (cidrs > tool->most()) continue;
    Runs took;
    for (int i = 0; i < runs; ++i) {
      FAULTLINE_ASSIGN_OR_RETURN(const Duration time, tool->Load(cidrs));
      took.Begin();
      took.Add(time);
    }
    AddFireRow(cidrs, tool->name(), took, table);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Table> MeasureFire(bool quick) {
  const int runs = quick ? 1 : 5;
  Table table{
      .name = "fire",
      .compares = "a step of 1 to 100 000 CIDRs begins: engine thread, real kernel; beside tools that load it then",
      .columns = {"CIDRs", "what"},
      .rows = {},
      .notes = {"timer to kernel: from the engine's waking to the kernel's confirmation of the gate switch",
                "waking: how long after its time the engine woke; the machine's load shows here first",
                "late: the two together, actual minus planned",
                "the engine's thread is real-time, as under its unit, where this machine permits it",
                "runs of 50 steps; a gate opens every 20 ms, for 110 ms; up to six are open at one time",
                "the tools: the whole process, as in arm; not more CIDRs than there"}};
  table.bounded_by =
      "One netlink batch of constant size, two system calls; nearly all of it is the kernel's transaction, and of that "
      "most is what the processor has not in its caches any more. The thread is awake 300 us before the instant: "
      "waking "
      "is late only when the machine itself stood still.";
  const auto& columns = Runs::Columns();
  table.columns.insert(table.columns.end(), columns.begin(), columns.end());
  const std::vector<std::unique_ptr<Contender>> tools = Tools(table);
  const testing::Netns netns;
  AddDevice(netns);
  Growth growth{.figure = "fire, timer to kernel, p50 by CIDRs", .points = {}};
  for (const std::size_t cidrs : kSizes) {
    const auto measured = [&] {
      const testing::InNetns inside(netns);
      return FireOften(cidrs, runs);
    }();
    FAULTLINE_RETURN_IF_ERROR(measured.status());
    AddFireRow(cidrs, "Faultline, timer to kernel", measured->kernel, table);
    AddFireRow(cidrs, "Faultline, waking", measured->waking, table);
    AddFireRow(cidrs, "Faultline, late", measured->lateness, table);
    FAULTLINE_RETURN_IF_ERROR(AddTools(cidrs, runs, tools, table));
    table.goals.push_back({absl::StrCat("fire a step of ", cidrs, " CIDRs, timer to kernel, p99"), Goal::Sense::kAtMost,
                           100, measured->kernel.Percentile(99), "us"});
    growth.points.push_back({static_cast<double>(cidrs), measured->kernel.Percentile(50)});
  }
  table.growth.push_back(std::move(growth));
  return table;
}

}  // namespace faultline::bench
