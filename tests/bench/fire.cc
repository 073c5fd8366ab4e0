#include <future>

#include "absl/strings/str_cat.h"
#include "agent/kernel/linux_kernel.h"
#include "agent/timeline/engine_thread.h"
#include "common/status.h"
#include "tests/bench/cidr_program.h"
#include "tests/bench/measures.h"
#include "tests/measure/samples.h"

namespace faultline::bench {
namespace {

using measure::Cell;
using measure::Samples;
using measure::Table;

using std::chrono::milliseconds;

// Steps begin this far apart, and end half-way between two beginnings, so that every fire is a batch of its own.
constexpr Duration kPeriod = milliseconds(20);
constexpr Duration kLength = milliseconds(110);
// From the call of Fire to the first step.
constexpr Duration kLead = milliseconds(200);

// So many steps a run: every step adds a set and a chain to the table, and plans have tens, not hundreds.
constexpr int kSteps = 50;

struct FireSamples {
  Samples kernel;
  Samples waking;
  Samples lateness;
};

// Adds what the engine reports of one run. Its samples must not be read before AwaitEnd has returned.
class Recorder : public EngineListener {
 public:
  explicit Recorder(FireSamples& samples) : samples_(samples) {}

  void OnStep(const RunId&, const StepReport& report) override {
    if (!report.fired) return;
    const Duration late = report.actual - report.planned;
    samples_.kernel.Add(report.kernel_time);
    samples_.waking.Add(late - report.kernel_time);
    samples_.lateness.Add(late);
  }
  void OnRunEnd(const RunId&, const RunReport& report) override { end_.set_value(report); }
  void OnForeignChange(const RunId&, std::optional<Duration>, const std::string&) override {}
  RunReport AwaitEnd() { return end_.get_future().get(); }

 private:
  FireSamples& samples_;
  std::promise<RunReport> end_;
};

absl::Status FireRun(Kernel& kernel, const CidrRun& run, FireSamples& samples) {
  const SystemClock clock;
  Recorder recorder(samples);
  EngineThread engine(kernel, clock, recorder, Limits());
  FAULTLINE_RETURN_IF_ERROR(engine.Arm(run.timeline, run.program));
  FAULTLINE_RETURN_IF_ERROR(engine.Fire(run.timeline.run, clock.Now()));
  const RunReport report = recorder.AwaitEnd();
  if (report.end == RunEnd::kCompleted) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("the run did not come to its end: ", report.detail));
}

absl::StatusOr<FireSamples> MeasureSize(std::size_t cidrs, int runs) {
  std::vector<Step> steps;
  for (int i = 0; i < kSteps; ++i) steps.push_back(CidrStep(static_cast<StepIndex>(i), kLead + kPeriod * i, kLength));
  const CidrRun run = MakeCidrRun("fire", cidrs, std::move(steps));
  FAULTLINE_RETURN_IF_ERROR(CheckTimeline(run.timeline));
  FAULTLINE_ASSIGN_OR_RETURN(const auto kernel, LinuxKernel::Open());
  FireSamples samples;
  for (int i = 0; i < runs; ++i) FAULTLINE_RETURN_IF_ERROR(FireRun(*kernel, run, samples));
  return samples;
}

}  // namespace

absl::StatusOr<Table> MeasureFire(bool quick) {
  const int runs = quick ? 1 : 5;
  Table table{.name = "fire",
              .compares = "a step of 1 to 100 000 CIDRs begins: engine thread, real kernel",
              .columns = {"CIDRs", "what"},
              .rows = {},
              .notes = {"timer to kernel: from the engine's waking to the kernel's confirmation of the gate switch",
                        "waking: how long after its time the engine woke; the machine's load shows here first",
                        "late: the two together, actual minus planned",
                        "runs of 50 steps; a gate opens every 20 ms, for 110 ms; up to six are open at one time"}};
  const auto& columns = Samples::Columns();
  table.columns.insert(table.columns.end(), columns.begin(), columns.end());
  const testing::Netns netns;
  AddDevice(netns);
  const testing::InNetns inside(netns);
  for (const std::size_t cidrs : kSizes) {
    FAULTLINE_ASSIGN_OR_RETURN(const FireSamples samples, MeasureSize(cidrs, runs));
    for (const auto& [what, times] : {std::pair("timer to kernel", &samples.kernel),
                                      std::pair("waking", &samples.waking), std::pair("late", &samples.lateness)}) {
      std::vector<Cell> row{static_cast<std::int64_t>(cidrs), std::string(what)};
      for (Cell& cell : times->Cells()) row.push_back(std::move(cell));
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

}  // namespace faultline::bench
