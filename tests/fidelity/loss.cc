#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/status.h"
#include "tests/fidelity/bed.h"
#include "tests/fidelity/measures.h"
#include "tests/fidelity/statistics.h"
#include "tests/fidelity/tcp_streams.h"
#include "tests/fidelity/udp_trains.h"

namespace faultline::fidelity {
namespace {

// One way to lose a share of the packets that the peer sends; the loss lasts as long as what `start` gives.
struct Way {
  std::string name;
  std::function<absl::StatusOr<std::shared_ptr<void>>(Bed&, Ratio)> start;
};

absl::StatusOr<std::shared_ptr<void>> StartOurs(Bed& bed, Ratio share) {
  Impairment impairment;
  impairment.loss = share;
  return Fault::Start(bed, impairment, bed.Has(Capability::kNetem) ? LaneKind::kNetem : LaneKind::kLossByRule);
}

absl::StatusOr<std::shared_ptr<void>> StartNetem(Bed& bed, Ratio share) {
  // Room for every aggregate, so that it loses nothing but what it is asked to.
  return Tool::StartQdisc(bed.peer(), absl::StrCat("netem limit 100000 loss ", FormatRatio(share)));
}

absl::StatusOr<std::shared_ptr<void>> StartIptables(Bed& bed, Ratio share) {
  const std::string rule = absl::StrCat("INPUT -s ", Bed::kPeerNetwork, " -m statistic --mode random --probability ",
                                        share.AsDouble(), " -j DROP");
  return Tool::Start(bed.node(), "iptables -A " + rule, "iptables -D " + rule);
}

std::vector<Way> OtherWays(const Bed& bed) {
  std::vector<Way> ways;
  if (bed.Has(Capability::kNetem)) ways.push_back({"netem as root", StartNetem});
  ways.push_back({"iptables INPUT", StartIptables});
  return ways;
}

// What a way made of a share: in numbers, in words.
struct LossObservation {
  double packets = 0;
  double share = 0;
  // Packets lost one after the other; 0 when the traffic does not tell.
  double mean_run = 0;
  double runs = 0;

  std::string Text() const {
    return mean_run == 0 ? Percent(share) : absl::StrFormat("%s, %.4g in a row", Percent(share), mean_run);
  }
};

absl::StatusOr<LossObservation> ObserveTcp(Bed& bed, const Way& way, Ratio share, std::uint64_t packets) {
  FAULTLINE_ASSIGN_OR_RETURN(TcpStreams streams,
                             TcpStreams::Open(bed.peer(), bed.node(), Bed::kNode, /*connections=*/32));
  FAULTLINE_ASSIGN_OR_RETURN(const auto active, way.start(bed, share));
  FAULTLINE_ASSIGN_OR_RETURN(const TcpStreams::Count count, streams.Send(packets, std::chrono::minutes(2)));
  const auto sent = static_cast<double>(count.sent);
  return LossObservation{.packets = sent, .share = 1 - static_cast<double>(count.arrived) / sent};
}

absl::StatusOr<LossObservation> ObserveUdp(Bed& bed, const Way& way, Ratio share, std::uint64_t packets) {
  FAULTLINE_ASSIGN_OR_RETURN(const auto active, way.start(bed, share));
  const auto sent = static_cast<std::uint32_t>(packets);
  const Losses losses = CountLosses(Pass(bed, {.datagrams = sent}), sent);
  return LossObservation{.packets = static_cast<double>(sent),
                         .share = static_cast<double>(losses.lost) / sent,
                         .mean_run = losses.MeanRun(),
                         .runs = static_cast<double>(losses.runs)};
}

absl::StatusOr<Row> CompareLoss(Bed& bed, bool tcp, Ratio share, std::uint64_t packets) {
  const auto observe = [&](const Way& way) {
    return tcp ? ObserveTcp(bed, way, share, packets) : ObserveUdp(bed, way, share, packets);
  };
  FAULTLINE_ASSIGN_OR_RETURN(const LossObservation ours, observe({"Faultline", StartOurs}));
  std::vector<std::string> others;
  for (const Way& way : OtherWays(bed)) {
    const absl::StatusOr<LossObservation> other = observe(way);
    if (!other.ok() && !absl::IsDeadlineExceeded(other.status())) return other.status();
    others.push_back(absl::StrCat(way.name, ": ", other.ok() ? other->Text() : "TCP came to a stop"));
  }
  const Interval bound = ShareInterval(share.AsDouble(), ours.packets);
  Row row{.what = absl::StrFormat("%s, %.0f packets, %s", tcp ? "TCP" : "UDP", ours.packets,
                                  bed.Has(Capability::kNetem) ? "netem lane" : "by rule"),
          .asked = FormatRatio(share),
          .observed = ours.Text(),
          .bound = PercentRange(bound),
          .holds = bound.Has(ours.share),
          .beside = absl::StrJoin(others, "; ")};
  if (!tcp) {
    const Interval run = RunInterval(share.AsDouble(), ours.runs);
    absl::StrAppendFormat(&row.bound, ", %.4g to %.4g", run.low, run.high);
    row.holds = row.holds && run.Has(ours.mean_run);
  }
  return row;
}

}  // namespace

absl::StatusOr<measure::Table> MeasureLoss(bool quick) {
  const std::uint64_t packets = quick ? 5'000 : 150'000;
  FAULTLINE_ASSIGN_OR_RETURN(const std::unique_ptr<Bed> bed, Bed::Make());
  measure::Table table =
      MakeTable("loss", "Each packet of the wire is lost by itself, though most travel in aggregates.");
  table.notes = {
      "TCP: 32 connections; sent and arrived as both ends' TCP_INFO counts segments. UDP: numbered datagrams "
      "in aggregates of 42; in a row: mean number lost one after the other. At 50 % TCP hardly moves."};
  const OnOneCpu one_cpu;
  for (const std::uint32_t per_mille : {1, 10, 100}) {
    FAULTLINE_ASSIGN_OR_RETURN(const Row row,
                               CompareLoss(*bed, true, Ratio::PartsPerBillion(per_mille * 1'000'000), packets));
    AddRow(table, row);
  }
  for (const std::uint32_t percent : {1, 10, 50}) {
    FAULTLINE_ASSIGN_OR_RETURN(const Row row, CompareLoss(*bed, false, Ratio::Percent(percent), packets));
    AddRow(table, row);
  }
  return table;
}

}  // namespace faultline::fidelity
