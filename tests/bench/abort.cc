#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
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

constexpr char kAbortPlan[] = R"yaml(name: abort
groups:
  london: {cidrs: [172.32.0.0/16, "fd20::/48"]}
  paris:  {cidrs: [172.33.0.0/16, "fd21::/48"]}
steps:
  - {at: 0s, for: 10m, name: split, partition: [london, paris]}
)yaml";
constexpr absl::Duration kAbortPatience = absl::Seconds(20);

absl::Duration ToAbsl(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

bool AllFired(const v1::Run& run) {
  return !run.nodes().empty() &&
         std::ranges::all_of(run.nodes(), [](const v1::NodeRun& node) { return !node.transitions().empty(); });
}

struct AbortTimes {
  Samples answered;
  Samples healed;
};

absl::Status AbortOne(BenchLab& lab, AbortTimes& times) {
  FAULTLINE_ASSIGN_OR_RETURN(std::string id, lab.Faultline({"run", "/dev/stdin", "--detach"}, kAbortPlan));
  absl::StripAsciiWhitespace(&id);
  const absl::Time deadline = absl::Now() + kAbortPatience;
  while (true) {
    FAULTLINE_ASSIGN_OR_RETURN(const v1::Run run, lab.Show(id));
    if (AllFired(run)) break;
    if (absl::Now() > deadline) return absl::InternalError(absl::StrCat(id, " did not begin: ", run.summary()));
  }
  const absl::Time typed = absl::Now();
  FAULTLINE_RETURN_IF_ERROR(lab.Faultline({"abort", id}).status());
  const absl::Duration answered = absl::Now() - typed;
  FAULTLINE_ASSIGN_OR_RETURN(const v1::Run run, lab.Show(id));
  const absl::Time t0 = absl::FromUnixSeconds(run.started().seconds()) + absl::Nanoseconds(run.started().nanos());
  absl::Duration healed = absl::ZeroDuration();
  for (const v1::NodeRun& node : run.nodes()) {
    if (node.outcome().end() != v1::NODE_END_RELEASED) {
      return absl::InternalError(absl::StrCat(id, ": ", node.node(), " did not tell that it healed"));
    }
    healed = std::max(healed, t0 + ToAbsl(node.outcome().at()) - typed);
  }
  times.answered.Add(absl::ToChronoNanoseconds(answered));
  times.healed.Add(absl::ToChronoNanoseconds(healed));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Table> MeasureAbort(bool quick) {
  Interrupts interrupts;
  FAULTLINE_ASSIGN_OR_RETURN(const auto lab, BenchLab::Start(interrupts));
  AbortTimes times;
  for (int i = 0; i < (quick ? 3 : 20); ++i) FAULTLINE_RETURN_IF_ERROR(AbortOne(*lab, times));
  Table table{.name = "abort",
              .compares = "from typing `faultline abort RUN` in a lab of six agents",
              .columns = {"until"},
              .rows = {},
              .notes = {"every node has healed: by each agent's clock; the command's own start is part of it"}};
  const auto& columns = Samples::Columns();
  table.columns.insert(table.columns.end(), columns.begin(), columns.end());
  for (const auto& [until, samples] :
       {std::pair("every node has healed", &times.healed), std::pair("the command has ended", &times.answered)}) {
    std::vector<Cell> row{std::string(until)};
    for (Cell& cell : samples->Cells()) row.push_back(std::move(cell));
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace faultline::bench
