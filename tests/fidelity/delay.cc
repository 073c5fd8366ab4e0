#include <algorithm>
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

using std::chrono::milliseconds;

// The kernel's timers alone are late by more than 1 % of the short ones.
constexpr double kAbsolute = 0.0005;
constexpr double kRelative = 0.01;
constexpr Duration kRelativeFrom = milliseconds(40);

struct Times {
  double median = 0;
  double p99 = 0;
};

std::string Text(const Times& times) {
  return absl::StrFormat("%s, p99 %s", Milliseconds(times.median), Milliseconds(times.p99));
}

absl::StatusOr<Times> Observe(const Bed& bed, Duration asked, std::uint32_t datagrams) {
  const Train train{.datagrams = datagrams, .payload = 200, .spacing = milliseconds(2), .longest = asked};
  const std::vector<double> delays = Delays(Pass(bed, train));
  if (delays.size() != datagrams) return absl::InternalError("datagrams were lost that were to be late only");
  return Times{.median = Percentile(delays, 50), .p99 = Percentile(delays, 99)};
}

}  // namespace

absl::StatusOr<measure::Table> MeasureDelay(bool quick) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::unique_ptr<Bed> bed, Bed::Make());
  measure::Table table =
      MakeTable("delay", "One-way delay of single datagrams, from send() to the receiver's IP layer.");
  if (!bed->Has(Capability::kNetem)) {
    table.notes = {"needs netem, which this kernel has not"};
    return table;
  }
  const OnOneCpu one_cpu;
  const std::uint32_t datagrams = quick ? 100 : 1000;
  FAULTLINE_ASSIGN_OR_RETURN(const Times base, Observe(*bed, Duration(0), datagrams));
  for (const int asked_ms : {1, 10, 40, 100, 500}) {
    const Duration asked = milliseconds(asked_ms);
    Times ours;
    {
      Impairment impairment;
      impairment.delay = asked;
      FAULTLINE_ASSIGN_OR_RETURN(const auto fault, Fault::Start(*bed, impairment, LaneKind::kNetem));
      FAULTLINE_ASSIGN_OR_RETURN(ours, Observe(*bed, asked, datagrams));
    }
    FAULTLINE_ASSIGN_OR_RETURN(
        const auto tool, Tool::StartQdisc(bed->peer(), absl::StrCat("netem limit 100000 delay ", asked_ms, "ms")));
    FAULTLINE_ASSIGN_OR_RETURN(const Times other, Observe(*bed, asked, datagrams));
    const double tolerance = asked < kRelativeFrom ? kAbsolute : std::min(kAbsolute, kRelative * Seconds(asked));
    AddRow(table, {.what = "delay",
                   .asked = absl::StrCat(asked_ms, " ms"),
                   .observed = Text(ours),
                   .bound = absl::StrCat("median within ", Milliseconds(tolerance)),
                   .holds = std::abs(ours.median - Seconds(asked)) <= tolerance,
                   .beside = absl::StrCat("netem as root: ", Text(other))});
  }
  table.notes = {absl::StrCat("the same way without any delay takes ", Text(base),
                              "; the rest is how late timers are on this machine")};
  return table;
}

}  // namespace faultline::fidelity
