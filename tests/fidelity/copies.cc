#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/status.h"
#include "tests/fidelity/bed.h"
#include "tests/fidelity/measures.h"
#include "tests/fidelity/statistics.h"
#include "tests/fidelity/udp_trains.h"

namespace faultline::fidelity {
namespace {

using testing::Datagram;

// The link's header, and those of IPv4 and UDP.
constexpr double kLinkHeader = 14;
constexpr double kHeaders = 28;

// Of so many datagrams, the share that came twice.
double ShareTwice(const std::vector<Datagram>& arrived, std::uint32_t sent) {
  std::vector<std::uint32_t> times(sent);
  for (const Datagram& datagram : arrived) ++times[datagram.sequence];
  return static_cast<double>(std::count(times.begin(), times.end(), 2u)) / sent;
}

// Of so many datagrams, the share that a checksum, of IPv4 or UDP, kept from arriving.
double ShareSpoilt(const std::vector<Datagram>& arrived, std::uint32_t sent) {
  return 1 - static_cast<double>(arrived.size()) / sent;
}

struct Question {
  std::string word;
  Ratio Impairment::*share;
  double (*observe)(const std::vector<Datagram>& arrived, std::uint32_t sent);
  Train train;
  // The part of what is asked for that can be observed.
  double visible = 1;
};

absl::Status Ask(Bed& bed, const Question& question, measure::Table& table) {
  for (const std::uint32_t percent : {1, 10}) {
    const Ratio asked = Ratio::Percent(percent);
    Impairment impairment;
    impairment.*question.share = asked;
    const auto observe = [&] { return question.observe(Pass(bed, question.train), question.train.datagrams); };
    double ours = 0;
    {
      FAULTLINE_ASSIGN_OR_RETURN(const auto fault, Fault::Start(bed, impairment, LaneKind::kNetem));
      ours = observe();
    }
    FAULTLINE_ASSIGN_OR_RETURN(
        const auto tool,
        Tool::StartQdisc(bed.peer(), absl::StrCat("netem limit 100000 ", question.word, " ", FormatRatio(asked))));
    const Interval bound = ShareInterval(asked.AsDouble() * question.visible, question.train.datagrams);
    AddRow(table, {.what = absl::StrCat(question.word, ", ", question.train.datagrams, " packets"),
                   .asked = FormatRatio(asked),
                   .observed = Percent(ours),
                   .bound = PercentRange(bound),
                   .holds = bound.Has(ours),
                   .beside = absl::StrCat("netem as root: ", Percent(observe()))});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<measure::Table> MeasureCopies(bool quick) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::unique_ptr<Bed> bed, Bed::Make());
  measure::Table table = MakeTable("copies", "Packets sent twice, and packets with a flipped bit.");
  if (!bed->Has(Capability::kNetem)) {
    table.notes = {"needs netem, which this kernel has not"};
    return table;
  }
  const OnOneCpu one_cpu;
  const std::uint32_t datagrams = quick ? 5'000 : 100'000;
  FAULTLINE_RETURN_IF_ERROR(Ask(
      *bed,
      {.word = "duplicate", .share = &Impairment::duplicate, .observe = ShareTwice, .train = {.datagrams = datagrams}},
      table));
  constexpr std::size_t kPayload = 200;
  const double visible = (kHeaders + kPayload) / (kLinkHeader + kHeaders + kPayload);
  FAULTLINE_RETURN_IF_ERROR(Ask(*bed,
                                {.word = "corrupt",
                                 .share = &Impairment::corrupt,
                                 .observe = ShareSpoilt,
                                 .train = {.datagrams = datagrams / 2, .payload = kPayload, .spacing = Duration(0)},
                                 .visible = visible},
                                table));
  table.notes = {
      "duplicate: datagrams in aggregates of 42. corrupt: single datagrams that a checksum kept from arriving. A "
      "flipped "
      "bit in the link's header, 14 of 242 bytes, spoils a packet at the sender, as netem's root does, but not one "
      "that "
      "has come in already; the bound counts that in."};
  return table;
}

}  // namespace faultline::fidelity
