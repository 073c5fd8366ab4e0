#include "common/effect_codec.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "common/timeline_codec.h"

namespace faultline {
namespace {

using google::protobuf::RepeatedPtrField;

void EncodePorts(const std::vector<PortRange>& ports, RepeatedPtrField<v1::PortRange>& messages) {
  for (const PortRange& range : ports) {
    v1::PortRange& message = *messages.Add();
    message.set_first(range.first);
    message.set_last(range.last);
  }
}

absl::StatusOr<std::vector<PortRange>> DecodePorts(const RepeatedPtrField<v1::PortRange>& messages) {
  constexpr std::uint32_t kMost = std::numeric_limits<std::uint16_t>::max();
  std::vector<PortRange> ports;
  for (const v1::PortRange& message : messages) {
    if (message.first() > kMost || message.last() > kMost) {
      return absl::InvalidArgumentError(absl::StrCat("ports ", message.first(), "-", message.last(), " do not exist"));
    }
    ports.push_back({static_cast<std::uint16_t>(message.first()), static_cast<std::uint16_t>(message.last())});
  }
  return ports;
}

// Wire enums that are our own in the same order, `offset` higher.
template <typename Ours, typename Theirs>
absl::StatusOr<Ours> DecodeEnum(Theirs value, int offset, int count, absl::string_view what) {
  const int number = static_cast<int>(value) - offset;
  if (number < 0 || number >= count) {
    return absl::InvalidArgumentError(absl::StrCat(what, " ", static_cast<int>(value), " is unknown"));
  }
  return static_cast<Ours>(number);
}

v1::Ramp EncodeRamp(const Ramp& ramp) {
  v1::Ramp message;
  *message.mutable_to() = EncodeImpairment(ramp.to);
  *message.mutable_over() = EncodeDuration(ramp.over);
  message.set_changes(ramp.changes);
  return message;
}

absl::StatusOr<Ramp> DecodeRamp(const v1::Ramp& message) {
  Ramp ramp;
  FAULTLINE_ASSIGN_OR_RETURN(ramp.to, DecodeImpairment(message.to()));
  FAULTLINE_ASSIGN_OR_RETURN(ramp.over, DecodeDuration(message.over()));
  ramp.changes = message.changes();
  return ramp;
}

v1::Flap EncodeFlap(const Flap& flap) {
  v1::Flap message;
  *message.mutable_down() = EncodeDuration(flap.down);
  *message.mutable_up() = EncodeDuration(flap.up);
  if (flap.jitter != Duration(0)) *message.mutable_jitter() = EncodeDuration(flap.jitter);
  return message;
}

absl::StatusOr<Flap> DecodeFlap(const v1::Flap& message) {
  Flap flap;
  FAULTLINE_ASSIGN_OR_RETURN(flap.down, DecodeDuration(message.down()));
  FAULTLINE_ASSIGN_OR_RETURN(flap.up, DecodeDuration(message.up()));
  FAULTLINE_ASSIGN_OR_RETURN(flap.jitter, DecodeDuration(message.jitter()));
  return flap;
}

}  // namespace

v1::Impairment EncodeImpairment(const Impairment& impairment) {
  v1::Impairment message;
  if (impairment.delay != Duration(0)) *message.mutable_delay() = EncodeDuration(impairment.delay);
  if (impairment.jitter != Duration(0)) *message.mutable_jitter() = EncodeDuration(impairment.jitter);
  message.set_distribution(static_cast<v1::Distribution>(static_cast<int>(impairment.distribution) + 1));
  for (const Duration sample : impairment.samples) message.add_samples(static_cast<std::uint64_t>(sample.count()));
  message.set_reorder_by_jitter(impairment.reorder_by_jitter);
  message.set_loss(impairment.loss.parts_per_billion());
  message.set_loss_correlation(impairment.loss_correlation.parts_per_billion());
  if (impairment.bursts) {
    v1::GilbertElliott& bursts = *message.mutable_bursts();
    bursts.set_p(impairment.bursts->p.parts_per_billion());
    bursts.set_r(impairment.bursts->r.parts_per_billion());
    bursts.set_bad_loss(impairment.bursts->bad_loss.parts_per_billion());
    bursts.set_good_loss(impairment.bursts->good_loss.parts_per_billion());
  }
  message.set_duplicate(impairment.duplicate.parts_per_billion());
  message.set_duplicate_correlation(impairment.duplicate_correlation.parts_per_billion());
  message.set_corrupt(impairment.corrupt.parts_per_billion());
  message.set_corrupt_correlation(impairment.corrupt_correlation.parts_per_billion());
  message.set_reorder(impairment.reorder.parts_per_billion());
  message.set_reorder_correlation(impairment.reorder_correlation.parts_per_billion());
  message.set_reorder_gap(impairment.reorder_gap);
  if (impairment.rate) message.set_rate(impairment.rate->bits_per_second);
  message.set_burst(impairment.burst);
  return message;
}

absl::StatusOr<Impairment> DecodeImpairment(const v1::Impairment& message) {
  constexpr auto kRatio = &Ratio::PartsPerBillion;
  constexpr std::uint64_t kLongestSample = static_cast<std::uint64_t>(Duration(kLongestDelay).count());
  constexpr int kDistributions = static_cast<int>(Distribution::kSamples) + 1;
  Impairment impairment;
  FAULTLINE_ASSIGN_OR_RETURN(impairment.delay, DecodeDuration(message.delay()));
  FAULTLINE_ASSIGN_OR_RETURN(impairment.jitter, DecodeDuration(message.jitter()));
  FAULTLINE_ASSIGN_OR_RETURN(impairment.distribution,
                             DecodeEnum<Distribution>(message.distribution(), 1, kDistributions, "distribution"));
  for (const std::uint64_t sample : message.samples()) {
    // Beyond what CheckImpairment allows, but within what a Duration holds.
    impairment.samples.push_back(Duration(static_cast<std::int64_t>(std::min(sample, kLongestSample + 1))));
  }
  impairment.reorder_by_jitter = message.reorder_by_jitter();
  impairment.loss = kRatio(message.loss());
  impairment.loss_correlation = kRatio(message.loss_correlation());
  if (message.has_bursts()) {
    impairment.bursts = GilbertElliott{.p = kRatio(message.bursts().p()),
                                       .r = kRatio(message.bursts().r()),
                                       .bad_loss = kRatio(message.bursts().bad_loss()),
                                       .good_loss = kRatio(message.bursts().good_loss())};
  }
  impairment.duplicate = kRatio(message.duplicate());
  impairment.duplicate_correlation = kRatio(message.duplicate_correlation());
  impairment.corrupt = kRatio(message.corrupt());
  impairment.corrupt_correlation = kRatio(message.corrupt_correlation());
  impairment.reorder = kRatio(message.reorder());
  impairment.reorder_correlation = kRatio(message.reorder_correlation());
  impairment.reorder_gap = message.reorder_gap();
  if (message.has_rate()) impairment.rate = BitRate{message.rate()};
  impairment.burst = message.burst();
  return impairment;
}

v1::PacketFilter EncodeFilter(const PacketFilter& filter) {
  v1::PacketFilter message;
  message.set_protocol(static_cast<v1::Protocol>(filter.protocol));
  EncodePorts(filter.destination_ports, *message.mutable_destination_ports());
  EncodePorts(filter.source_ports, *message.mutable_source_ports());
  EncodePorts(filter.either_ports, *message.mutable_either_ports());
  EncodePorts(filter.except_ports, *message.mutable_except_ports());
  if (filter.except_addresses) message.set_except_addresses(*filter.except_addresses);
  if (filter.dscp) message.set_dscp(*filter.dscp);
  message.set_connection(static_cast<v1::Connection>(filter.connection));
  for (const std::string& interface : filter.interfaces) message.add_interfaces(interface);
  return message;
}

absl::StatusOr<PacketFilter> DecodeFilter(const v1::PacketFilter& message) {
  constexpr int kProtocols = static_cast<int>(Protocol::kSctp) + 1;
  constexpr int kConnections = static_cast<int>(Connection::kEstablished) + 1;
  PacketFilter filter;
  FAULTLINE_ASSIGN_OR_RETURN(filter.protocol, DecodeEnum<Protocol>(message.protocol(), 0, kProtocols, "protocol"));
  FAULTLINE_ASSIGN_OR_RETURN(filter.destination_ports, DecodePorts(message.destination_ports()));
  FAULTLINE_ASSIGN_OR_RETURN(filter.source_ports, DecodePorts(message.source_ports()));
  FAULTLINE_ASSIGN_OR_RETURN(filter.either_ports, DecodePorts(message.either_ports()));
  FAULTLINE_ASSIGN_OR_RETURN(filter.except_ports, DecodePorts(message.except_ports()));
  if (message.has_except_addresses()) filter.except_addresses = message.except_addresses();
  if (message.has_dscp()) {
    if (message.dscp() > std::numeric_limits<std::uint8_t>::max()) {
      return absl::InvalidArgumentError(absl::StrCat("dscp ", message.dscp(), " does not exist"));
    }
    filter.dscp = static_cast<std::uint8_t>(message.dscp());
  }
  FAULTLINE_ASSIGN_OR_RETURN(filter.connection,
                             DecodeEnum<Connection>(message.connection(), 0, kConnections, "connection"));
  filter.interfaces.assign(message.interfaces().begin(), message.interfaces().end());
  return filter;
}

void EncodeEffect(const Step& step, v1::Step& message) {
  if (std::holds_alternative<Drop>(step.effect)) message.mutable_drop();
  if (std::holds_alternative<Reject>(step.effect)) message.mutable_reject();
  if (const auto* impairment = std::get_if<Impairment>(&step.effect)) {
    *message.mutable_impair() = EncodeImpairment(*impairment);
  }
  if (step.filter != PacketFilter{}) *message.mutable_filter() = EncodeFilter(step.filter);
  if (step.flap) *message.mutable_flap() = EncodeFlap(*step.flap);
  if (step.ramp) *message.mutable_ramp() = EncodeRamp(*step.ramp);
}

absl::Status DecodeEffect(const v1::Step& message, Step& step) {
  switch (message.effect_case()) {
    case v1::Step::kDrop:
      step.effect = Drop{};
      break;
    case v1::Step::kReject:
      step.effect = Reject{};
      break;
    case v1::Step::kImpair: {
      FAULTLINE_ASSIGN_OR_RETURN(step.effect, DecodeImpairment(message.impair()));
      break;
    }
    case v1::Step::EFFECT_NOT_SET:
      return absl::InvalidArgumentError("it has no effect that this version knows");
  }
  FAULTLINE_ASSIGN_OR_RETURN(step.filter, DecodeFilter(message.filter()));
  if (message.has_flap()) {
    FAULTLINE_ASSIGN_OR_RETURN(step.flap, DecodeFlap(message.flap()));
  }
  if (message.has_ramp()) {
    FAULTLINE_ASSIGN_OR_RETURN(step.ramp, DecodeRamp(message.ramp()));
  }
  return absl::OkStatus();
}

}  // namespace faultline
