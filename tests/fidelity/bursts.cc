#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/status.h"
#include "tests/fidelity/bed.h"
#include "tests/fidelity/measures.h"
#include "tests/fidelity/statistics.h"
#include "tests/fidelity/udp_trains.h"

namespace faultline::fidelity {
namespace {

constexpr double kTolerance = 0.1;

bool Near(double observed, double expected) { return std::abs(observed / expected - 1) <= kTolerance; }

std::string BurstText(double share, double length) {
  return absl::StrFormat("%s, %.3g in a row", Percent(share), length);
}

}  // namespace

absl::StatusOr<measure::Table> MeasureBursts(bool quick) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::unique_ptr<Bed> bed, Bed::Make());
  measure::Table table = MakeTable("bursts", "Gilbert and Elliott's model: mean loss, and mean length of a burst.");
  if (!bed->Has(Capability::kNetem)) {
    table.notes = {"needs netem, which this kernel has not"};
    return table;
  }
  const OnOneCpu one_cpu;
  const std::uint32_t datagrams = quick ? 20'000 : 200'000;
  for (const auto& [p, r] : {std::pair(1, 20), std::pair(2, 50)}) {
    const GilbertElliott model{.p = Ratio::Percent(static_cast<std::uint32_t>(p)),
                               .r = Ratio::Percent(static_cast<std::uint32_t>(r))};
    const double length = 1 / model.r.AsDouble();
    Impairment impairment;
    impairment.bursts = model;
    const auto observe = [&] { return CountLosses(Pass(*bed, {.datagrams = datagrams}), datagrams); };
    const auto share = [&](const Losses& losses) { return static_cast<double>(losses.lost) / datagrams; };
    Losses ours;
    {
      FAULTLINE_ASSIGN_OR_RETURN(const auto fault, Fault::Start(*bed, impairment, LaneKind::kNetem));
      ours = observe();
    }
    FAULTLINE_ASSIGN_OR_RETURN(
        const auto tool,
        Tool::StartQdisc(bed->peer(), absl::StrCat("netem limit 100000 loss gemodel ", p, "% ", r, "%")));
    const Losses other = observe();
    AddRow(table, {.what = absl::StrFormat("p %d %%, r %d %%, %d packets", p, r, datagrams),
                   .asked = BurstText(model.MeanLoss(), length),
                   .observed = BurstText(share(ours), ours.MeanRun()),
                   .bound = "10 % of both",
                   .holds = Near(share(ours), model.MeanLoss()) && Near(ours.MeanRun(), length),
                   .beside = absl::StrCat("netem as root: ", BurstText(share(other), other.MeanRun()))});
  }
  table.notes = {"datagrams in aggregates of 42"};
  return table;
}

}  // namespace faultline::fidelity
