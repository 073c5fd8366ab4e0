#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/status.h"
#include "tests/fidelity/bed.h"
#include "tests/fidelity/measures.h"
#include "tests/fidelity/statistics.h"
#include "tests/fidelity/udp_flood.h"

namespace faultline::fidelity {
namespace {

using std::chrono::milliseconds;

constexpr double kRateTolerance = 0.03;
// More is sent than may pass, by so much; a machine that sends less than kEnough shows nothing.
constexpr double kExcess = 1.3;
constexpr double kEnough = 1.1;

// Of a flood; after it has filled the queue.
struct RateObservation {
  double bits_per_second = 0;
  // Whether more was sent than came, so that packets have waited all the time: a machine too slow for that shows
  // nothing. Not all may be sent that should be: a full queue holds up the sender, whose buffer its packets are in.
  bool filled = false;
};

RateObservation ObserveRate(const Bed& bed, BitRate rate, Duration time) {
  const auto asked = static_cast<double>(rate.bits_per_second);
  UdpFlood flood(bed);
  const IpReceived first = ReadIpReceived(bed.node());
  flood.Send(kExcess * asked, time / 5);
  const IpReceived before = ReadIpReceived(bed.node());
  const MonotonicTime start = SystemClock().Now();
  flood.Send(kExcess * asked, time);
  const IpReceived after = ReadIpReceived(bed.node());
  const double took = Seconds(SystemClock().Now() - start);
  const std::uint64_t bytes = after.bytes - before.bytes;
  const double arrived = static_cast<double>(after.packets - first.packets);
  return RateObservation{.bits_per_second = 8 * static_cast<double>(bytes) / took,
                         .filled = flood.sent() > 1.02 * arrived};
}

std::string RateText(const RateObservation& observation) {
  return absl::StrFormat("%.4g Mbit/s", observation.bits_per_second / 1e6);
}

}  // namespace

absl::StatusOr<measure::Table> MeasureRate(bool quick) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::unique_ptr<Bed> bed, Bed::Make());
  const bool netem = bed->Has(Capability::kNetem);
  measure::Table table =
      MakeTable("rate", "What a flood of UDP aggregates leaves on the wire, link headers counted in.");
  const Duration time = quick ? milliseconds(1500) : milliseconds(6000);
  for (const std::uint64_t megabits : {1, 10, 100, 1000}) {
    const BitRate rate{megabits * 1'000'000};
    if (const RateObservation free = ObserveRate(*bed, rate, time / 6);
        free.bits_per_second < kEnough * static_cast<double>(rate.bits_per_second)) {
      table.notes.push_back(
          absl::StrFormat("%d Mbit/s is more than this machine can fill: %.4g Mbit/s pass without a limit", megabits,
                          free.bits_per_second / 1e6));
      continue;
    }
    Impairment impairment;
    impairment.rate = rate;
    if (netem) impairment.delay = milliseconds(5);
    RateObservation ours;
    {
      FAULTLINE_ASSIGN_OR_RETURN(const auto fault,
                                 Fault::Start(*bed, impairment, netem ? LaneKind::kNetem : LaneKind::kRate));
      ours = ObserveRate(*bed, rate, time);
    }
    const std::string qdisc = netem ? absl::StrCat("netem delay 5ms rate ", megabits, "mbit")
                                    : absl::StrCat("tbf rate ", megabits, "mbit burst 32kb latency 50ms");
    FAULTLINE_ASSIGN_OR_RETURN(const auto tool, Tool::StartQdisc(bed->peer(), qdisc));
    const RateObservation other = ObserveRate(*bed, rate, time);
    if (!ours.filled) {
      table.notes.push_back(
          absl::StrCat("nothing is known of ", megabits, " Mbit/s: this machine sent no more than ", RateText(ours)));
      continue;
    }
    AddRow(table,
           {.what = netem ? "netem lane, delay 5 ms" : "tbf lane",
            .asked = absl::StrCat(megabits, " Mbit/s"),
            .observed = RateText(ours),
            .bound = "3 %",
            .holds = std::abs(ours.bits_per_second / static_cast<double>(rate.bits_per_second) - 1) <= kRateTolerance,
            .beside = absl::StrCat(netem ? "netem" : "tbf", " as root: ", RateText(other))});
  }
  return table;
}

}  // namespace faultline::fidelity
