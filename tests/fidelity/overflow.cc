#include <sstream>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/status.h"
#include "tests/fidelity/bed.h"
#include "tests/fidelity/measures.h"
#include "tests/fidelity/statistics.h"
#include "tests/fidelity/udp_flood.h"

namespace faultline::fidelity {
namespace {

constexpr Duration kLongestQueue = std::chrono::minutes(1);

// What is asked beside the rate.
struct OverflowQuestion {
  std::uint64_t megabits = 0;
  Ratio loss;
  std::uint32_t datagrams = 0;
};

struct OverflowObservation {
  RuleCounters counters;
  std::uint64_t arrived = 0;
};

absl::StatusOr<OverflowObservation> ObserveOverflow(Bed& bed, const OverflowQuestion& question) {
  Impairment impairment;
  impairment.rate = BitRate{question.megabits * 1'000'000};
  impairment.loss = question.loss;
  FAULTLINE_ASSIGN_OR_RETURN(const auto fault,
                             Fault::Start(bed, impairment, question.loss.zero() ? LaneKind::kRate : LaneKind::kNetem));
  const IpReceived before = ReadIpReceived(bed.node());
  UdpFlood(bed).SendAtOnce(question.datagrams);
  const MonotonicTime deadline = SystemClock().Now() + kLongestQueue;
  OverflowObservation observation;
  RuleCounters& counters = observation.counters;
  // Until nothing waits in the lane any more.
  while (counters.passed + counters.lost + counters.overflowed < question.datagrams && SystemClock().Now() < deadline) {
    std::this_thread::yield();
    FAULTLINE_ASSIGN_OR_RETURN(counters, fault->Counters());
  }
  const IpReceived after = ReadIpReceived(bed.node());
  observation.arrived = after.packets - before.packets;
  return observation;
}

// The one number that tc has for what a root qdisc did not let through.
absl::StatusOr<std::string> ObserveTc(const Bed& bed, const OverflowQuestion& question) {
  const bool netem = !question.loss.zero();
  FAULTLINE_ASSIGN_OR_RETURN(
      const auto tool,
      Tool::StartQdisc(bed.peer(), netem ? absl::StrCat("netem limit 100 rate ", question.megabits, "mbit loss ",
                                                        FormatRatio(question.loss))
                                         : absl::StrCat("tbf rate ", question.megabits, "mbit burst 32kb latency 1s")));
  UdpFlood(bed).SendAtOnce(question.datagrams);
  FAULTLINE_ASSIGN_OR_RETURN(const std::string text, Run(bed.peer(), "tc -s qdisc show dev eth0"));
  const std::size_t at = text.find("dropped ");
  if (at == std::string::npos) return absl::InternalError("tc tells nothing of drops");
  std::istringstream words(text.substr(at));
  std::string word;
  std::string count;
  words >> word >> count;
  if (!count.empty() && count.back() == ',') count.pop_back();
  return absl::StrFormat("%s as root: \"dropped %s\"%s", netem ? "netem" : "tbf", count, netem ? " for both" : "");
}

}  // namespace

absl::StatusOr<measure::Table> MeasureOverflow(bool quick) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::unique_ptr<Bed> bed, Bed::Make());
  measure::Table table = MakeTable(
      "overflow", "A rate, flooded: what the queue had no room for is not mistaken for the loss that was asked for.");
  const std::uint32_t some = quick ? 500 : 2000;
  std::vector<OverflowQuestion> questions{{.megabits = 1, .datagrams = some}};
  if (bed->Has(Capability::kNetem)) {
    questions.push_back({.megabits = 20, .loss = Ratio::Percent(10), .datagrams = 10 * some});
  }
  for (const OverflowQuestion& question : questions) {
    FAULTLINE_ASSIGN_OR_RETURN(const OverflowObservation ours, ObserveOverflow(*bed, question));
    FAULTLINE_ASSIGN_OR_RETURN(const std::string other, ObserveTc(*bed, question));
    const RuleCounters& counters = ours.counters;
    const auto admitted = static_cast<double>(counters.passed + counters.lost);
    const double lost = static_cast<double>(counters.lost) / admitted;
    const Interval bound = ShareInterval(question.loss.AsDouble(), admitted);
    AddRow(table, {.what = absl::StrFormat("%d Mbit/s, %d packets at once", question.megabits, question.datagrams),
                   .asked = absl::StrCat("loss ", FormatRatio(question.loss)),
                   .observed = absl::StrFormat("loss %s; overflow %d, arrived %d", Percent(lost), counters.overflowed,
                                               ours.arrived),
                   .bound = absl::StrCat(question.loss.zero() ? "0 %" : PercentRange(bound), "; all accounted for"),
                   .holds = bound.Has(lost) && counters.overflowed > 0 && ours.arrived == counters.passed &&
                            counters.overflowed + counters.lost + ours.arrived == question.datagrams,
                   .beside = other});
  }
  return table;
}

}  // namespace faultline::fidelity
