#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/status.h"
#include "tests/fidelity/bed.h"
#include "tests/fidelity/measures.h"
#include "tests/fidelity/statistics.h"
#include "tests/fidelity/udp_trains.h"
#include "tests/support/distance.h"

namespace faultline::fidelity {
namespace {

using std::chrono::milliseconds;

// Wide against what an emulated machine is late by.
constexpr Duration kDelay = milliseconds(1000);
constexpr double kMean = 1;
constexpr Duration kJitter = milliseconds(250);
constexpr double kDeviation = 0.25;
constexpr Duration kLongest = milliseconds(3000);

struct Law {
  std::string name;
  Distribution distribution;
  // For the same with iproute2's tables; empty where it has none.
  std::string word;
  // The share of delays of at most so many seconds.
  double (*share)(double at);
};

double Uniform(double at) { return std::clamp((at - kMean) / (2 * kDeviation) + 0.5, 0.0, 1.0); }

double Normal(double at) { return std::erfc(-(at - kMean) / kDeviation / std::sqrt(2.0)) / 2; }

// Of shape 3: mean 3/2 and variance 3/4 of its least value and of that squared.
double Pareto(double at) {
  const double x = (at - kMean) / kDeviation * std::sqrt(0.75) + 1.5;
  return x <= 1 ? 0 : 1 - std::pow(x, -3);
}

const Law kLaws[] = {{"uniform", Distribution::kUniform, "", Uniform},
                     {"normal", Distribution::kNormal, " distribution normal", Normal},
                     {"pareto", Distribution::kPareto, " distribution pareto", Pareto}};

struct Samples {
  std::uint32_t law = 0;
  std::uint32_t order = 0;
};

// How far delays are from the law; what the way adds beside is taken off.
double ObserveLaw(const Bed& bed, const Law& law, std::uint32_t datagrams, double base) {
  std::vector<double> delays = Delays(Pass(
      bed, {.datagrams = datagrams, .payload = 200, .spacing = std::chrono::microseconds(1500), .longest = kLongest}));
  for (double& delay : delays) delay -= base;
  return delays.empty() ? 1 : testing::Distance(delays, law.share);
}

// The share of datagrams that overtook another.
double ObserveOrder(const Bed& bed, std::uint32_t datagrams) {
  const auto arrived = Pass(bed, {.datagrams = datagrams, .payload = 200, .longest = kLongest});
  return arrived.empty() ? 1 : static_cast<double>(CountOvertakings(arrived)) / static_cast<double>(arrived.size());
}

std::string JitterText(double distance, double reordered) {
  return absl::StrFormat("distance %.3f, %s reordered", distance, Percent(reordered));
}

absl::StatusOr<Row> Compare(Bed& bed, const Law& law, const Samples& samples, double base) {
  Impairment impairment{.delay = kDelay, .jitter = kJitter, .distribution = law.distribution};
  double reordered = 0;
  double distance = 0;
  {
    FAULTLINE_ASSIGN_OR_RETURN(const auto fault, Fault::Start(bed, impairment, LaneKind::kNetem));
    reordered = ObserveOrder(bed, samples.order);
  }
  {
    // In order, a datagram is as late as those before it; the law is that of each by itself.
    impairment.reorder_by_jitter = true;
    FAULTLINE_ASSIGN_OR_RETURN(const auto fault, Fault::Start(bed, impairment, LaneKind::kNetem));
    distance = ObserveLaw(bed, law, samples.law, base);
  }
  const double bound = DistanceBound(samples.law);
  Row row{.what = law.name,
          .asked = "1 s, jitter 250 ms",
          .observed = JitterText(distance, reordered),
          .bound = absl::StrFormat("%.3f, 0 %%", bound),
          .holds = distance <= bound && reordered == 0};
  const auto tool = Tool::StartQdisc(bed.peer(), absl::StrCat("netem limit 100000 delay 1s 250ms", law.word));
  if (!tool.ok()) return tool.status();
  const double other = ObserveLaw(bed, law, samples.law, base);
  row.beside = absl::StrCat("netem as root: ", JitterText(other, ObserveOrder(bed, samples.order)));
  return row;
}

}  // namespace

absl::StatusOr<measure::Table> MeasureJitter(bool quick) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::unique_ptr<Bed> bed, Bed::Make());
  measure::Table table = MakeTable(
      "jitter",
      "Kolmogorov's distance of the delays to the law asked for, and the share of packets that overtook others.");
  if (!bed->Has(Capability::kNetem)) {
    table.notes = {"needs netem, which this kernel has not"};
    return table;
  }
  const OnOneCpu one_cpu;
  const Samples samples = quick ? Samples{.law = 300, .order = 1000} : Samples{.law = 4000, .order = 20'000};
  const double base = Percentile(
      Delays(Pass(*bed, {.datagrams = 500, .payload = 200, .spacing = std::chrono::microseconds(1500)})), 50);
  for (const Law& law : kLaws) {
    FAULTLINE_ASSIGN_OR_RETURN(const Row row, Compare(*bed, law, samples, base));
    AddRow(table, row);
  }
  table.notes = {
      absl::StrFormat("%d single datagrams with overtaking allowed for the law, %d in aggregates of 64 without "
                      "it, as is the default, for the order; %s taken off, the median without any delay.",
                      samples.law, samples.order, Milliseconds(base))};
  return table;
}

}  // namespace faultline::fidelity
