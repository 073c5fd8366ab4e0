#include "common/timeline_codec.h"

#include "absl/strings/str_cat.h"
#include "common/effect_codec.h"
#include "common/status.h"

namespace faultline {
namespace {

constexpr std::size_t kPackedIpv4 = 5;
constexpr std::size_t kPackedIpv6 = 17;

v1::PrefixSet EncodePrefixSet(const PrefixSet& set) {
  v1::PrefixSet message;
  for (const Prefix& prefix : set.prefixes()) {
    std::string& packed = prefix.family() == Family::kIpv4 ? *message.mutable_ipv4() : *message.mutable_ipv6();
    packed.append(prefix.address().bytes().begin(), prefix.address().bytes().end());
    packed.push_back(static_cast<char>(prefix.length()));
  }
  return message;
}

absl::Status UnpackPrefixes(absl::string_view packed, std::size_t width, std::vector<Prefix>& prefixes) {
  if (packed.size() % width != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("packed prefixes of ", packed.size(), " bytes do not divide by ", width));
  }
  for (; !packed.empty(); packed.remove_prefix(width)) {
    FAULTLINE_ASSIGN_OR_RETURN(const IpAddress address, IpAddress::FromBytes(packed.substr(0, width - 1)));
    const int length = static_cast<unsigned char>(packed[width - 1]);
    FAULTLINE_ASSIGN_OR_RETURN(const Prefix prefix, Prefix::Containing(address, length));
    if (prefix.address() != address) {
      return absl::InvalidArgumentError(absl::StrCat("prefix ", address.ToString(), "/", length, " has host bits set"));
    }
    prefixes.push_back(prefix);
  }
  return absl::OkStatus();
}

absl::StatusOr<PrefixSet> DecodePrefixSet(const v1::PrefixSet& message) {
  std::vector<Prefix> prefixes;
  prefixes.reserve(message.ipv4().size() / kPackedIpv4 + message.ipv6().size() / kPackedIpv6);
  FAULTLINE_RETURN_IF_ERROR(UnpackPrefixes(message.ipv4(), kPackedIpv4, prefixes));
  FAULTLINE_RETURN_IF_ERROR(UnpackPrefixes(message.ipv6(), kPackedIpv6, prefixes));
  return PrefixSet(std::move(prefixes));
}

v1::Match EncodeMatch(const Match& match) {
  v1::Match message;
  if (match.sources) message.set_sources(*match.sources);
  if (match.destinations) message.set_destinations(*match.destinations);
  if (match.except_destinations) message.set_except_destinations(*match.except_destinations);
  return message;
}

Match DecodeMatch(const v1::Match& message) {
  Match match;
  if (message.has_sources()) match.sources = message.sources();
  if (message.has_destinations()) match.destinations = message.destinations();
  if (message.has_except_destinations()) match.except_destinations = message.except_destinations();
  return match;
}

absl::StatusOr<Side> DecodeSide(v1::Side side) {
  switch (side) {
    case v1::SIDE_RECEIVER:
      return Side::kReceiver;
    case v1::SIDE_SENDER:
      return Side::kSender;
    default:
      return absl::InvalidArgumentError(absl::StrCat("side ", static_cast<int>(side), " is unknown"));
  }
}

absl::StatusOr<ControllerLoss> DecodeControllerLoss(v1::ControllerLoss loss) {
  switch (loss) {
    case v1::CONTROLLER_LOSS_HEAL:
      return ControllerLoss::kHeal;
    case v1::CONTROLLER_LOSS_CONTINUE:
      return ControllerLoss::kContinue;
    default:
      return absl::InvalidArgumentError(absl::StrCat("on_controller_loss ", static_cast<int>(loss), " is unknown"));
  }
}

v1::Step EncodeStep(const Step& step) {
  v1::Step message;
  message.set_index(step.index);
  message.set_name(step.name);
  *message.mutable_at() = EncodeDuration(step.at);
  *message.mutable_length() = EncodeDuration(step.length);
  EncodeEffect(step, message);
  for (const Rule& rule : step.rules) {
    v1::Rule& out = *message.add_rules();
    out.set_side(rule.side == Side::kReceiver ? v1::SIDE_RECEIVER : v1::SIDE_SENDER);
    *out.mutable_match() = EncodeMatch(rule.match);
  }
  return message;
}

absl::StatusOr<Step> DecodeStep(const v1::Step& message) {
  Step step;
  step.index = message.index();
  step.name = message.name();
  FAULTLINE_ASSIGN_OR_RETURN(step.at, DecodeDuration(message.at()));
  FAULTLINE_ASSIGN_OR_RETURN(step.length, DecodeDuration(message.length()));
  FAULTLINE_RETURN_IF_ERROR(DecodeEffect(message, step));
  for (const v1::Rule& in : message.rules()) {
    Rule rule;
    FAULTLINE_ASSIGN_OR_RETURN(rule.side, DecodeSide(in.side()));
    rule.match = DecodeMatch(in.match());
    step.rules.push_back(rule);
  }
  return step;
}

}  // namespace

v1::Timeline EncodeTimeline(const Timeline& timeline) {
  v1::Timeline message;
  message.set_run_id(timeline.run.text());
  message.set_node(timeline.node.text());
  for (const Step& step : timeline.steps) *message.add_steps() = EncodeStep(step);
  for (const PrefixSet& set : timeline.prefix_sets) *message.add_prefix_sets() = EncodePrefixSet(set);
  *message.mutable_length() = EncodeDuration(timeline.length);
  *message.mutable_lease() = EncodeDuration(timeline.lease);
  message.set_on_controller_loss(timeline.on_controller_loss == ControllerLoss::kHeal ? v1::CONTROLLER_LOSS_HEAL
                                                                                      : v1::CONTROLLER_LOSS_CONTINUE);
  message.set_seed(timeline.seed);
  for (const Duration hold : timeline.holds) *message.add_holds() = EncodeDuration(hold);
  return message;
}

absl::StatusOr<Timeline> DecodeTimeline(const v1::Timeline& message) {
  Timeline timeline;
  timeline.run = RunId(message.run_id());
  timeline.node = NodeName(message.node());
  for (const v1::Step& in : message.steps()) {
    absl::StatusOr<Step> step = DecodeStep(in);
    if (!step.ok()) return WithContext(step.status(), absl::StrCat("step '", in.name(), "'"));
    timeline.steps.push_back(*std::move(step));
  }
  for (const v1::PrefixSet& in : message.prefix_sets()) {
    FAULTLINE_ASSIGN_OR_RETURN(PrefixSet set, DecodePrefixSet(in));
    timeline.prefix_sets.push_back(std::move(set));
  }
  FAULTLINE_ASSIGN_OR_RETURN(timeline.length, DecodeDuration(message.length()));
  FAULTLINE_ASSIGN_OR_RETURN(timeline.lease, DecodeDuration(message.lease()));
  FAULTLINE_ASSIGN_OR_RETURN(timeline.on_controller_loss, DecodeControllerLoss(message.on_controller_loss()));
  timeline.seed = message.seed();
  for (const google::protobuf::Duration& in : message.holds()) {
    FAULTLINE_ASSIGN_OR_RETURN(const Duration hold, DecodeDuration(in));
    timeline.holds.push_back(hold);
  }
  FAULTLINE_RETURN_IF_ERROR(CheckTimeline(timeline));
  return timeline;
}

google::protobuf::Duration EncodeDuration(Duration duration) {
  google::protobuf::Duration message;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
  message.set_seconds(seconds.count());
  message.set_nanos(static_cast<std::int32_t>((duration - seconds).count()));
  return message;
}

absl::StatusOr<Duration> DecodeDuration(const google::protobuf::Duration& message) {
  constexpr std::int64_t kMostSeconds = std::int64_t{100} * 365 * 24 * 3600;
  constexpr std::int32_t kMostNanos = 999'999'999;
  const bool signs_differ =
      (message.seconds() > 0 && message.nanos() < 0) || (message.seconds() < 0 && message.nanos() > 0);
  if (message.seconds() > kMostSeconds || message.seconds() < -kMostSeconds || message.nanos() > kMostNanos ||
      message.nanos() < -kMostNanos || signs_differ) {
    return absl::InvalidArgumentError("a duration is malformed or out of range");
  }
  return std::chrono::seconds(message.seconds()) + Duration(message.nanos());
}

}  // namespace faultline
