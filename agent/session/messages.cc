#include "agent/session/messages.h"

#include "absl/strings/ascii.h"
#include "common/document/document.h"
#include "common/status.h"
#include "common/timeline_codec.h"

namespace faultline {
namespace {

v1::NodeEnd EncodeEnd(RunEnd end) {
  switch (end) {
    case RunEnd::kCompleted:
      return v1::NODE_END_COMPLETED;
    case RunEnd::kReleased:
      return v1::NODE_END_RELEASED;
    case RunEnd::kLeaseLost:
      return v1::NODE_END_LEASE_LOST;
    case RunEnd::kShutdown:
      return v1::NODE_END_SHUTDOWN;
    case RunEnd::kLocalHeal:
      return v1::NODE_END_LOCAL_HEAL;
    case RunEnd::kFailed:
      return v1::NODE_END_FAILED;
  }
  return v1::NODE_END_UNSPECIFIED;
}

v1::ResidueFinding EncodeFinding(ResidueProof::Finding finding) {
  switch (finding) {
    case ResidueProof::Finding::kEqual:
      return v1::RESIDUE_FINDING_EQUAL;
    case ResidueProof::Finding::kLeft:
      return v1::RESIDUE_FINDING_LEFT;
    case ResidueProof::Finding::kChanged:
      return v1::RESIDUE_FINDING_CHANGED;
    case ResidueProof::Finding::kUnknown:
      return v1::RESIDUE_FINDING_UNKNOWN;
  }
  return v1::RESIDUE_FINDING_UNSPECIFIED;
}

v1::ResidueProof EncodeResidue(const ResidueProof& proof) {
  v1::ResidueProof out;
  out.set_finding(EncodeFinding(proof.finding));
  out.mutable_things()->Assign(proof.things.begin(), proof.things.end());
  out.set_more(static_cast<std::uint32_t>(proof.more));
  return out;
}

v1::StepCounters EncodeStepCounters(const RuleCounters& counters) {
  v1::StepCounters out;
  out.set_step(counters.step);
  out.set_packets(counters.packets);
  out.set_bytes(counters.bytes);
  out.set_passed(counters.passed);
  out.set_lost(counters.lost);
  out.set_overflowed(counters.overflowed);
  return out;
}

}  // namespace

v1::SessionRequest EncodeStep(const RunId& run, const StepReport& report) {
  v1::SessionRequest message;
  v1::StepEvent& event = *message.mutable_step_event();
  event.set_run_id(run.text());
  v1::StepTransition& transition = *event.mutable_transition();
  transition.set_step(report.step);
  transition.set_transition(report.fired ? v1::TRANSITION_FIRED : v1::TRANSITION_HEALED);
  *transition.mutable_planned() = EncodeDuration(report.planned);
  *transition.mutable_actual() = EncodeDuration(report.actual);
  *transition.mutable_kernel_time() = EncodeDuration(report.kernel_time);
  return message;
}

v1::SessionRequest EncodeRunEnd(const RunId& run, const RunReport& report) {
  v1::SessionRequest message;
  v1::NodeRunEnd& end = *message.mutable_run_end();
  end.set_run_id(run.text());
  v1::NodeOutcome& outcome = *end.mutable_outcome();
  outcome.set_end(EncodeEnd(report.end));
  outcome.set_detail(Printable(report.detail));
  if (report.at) *outcome.mutable_at() = EncodeDuration(*report.at);
  for (const RuleCounters& counters : report.counters) *outcome.add_counters() = EncodeStepCounters(counters);
  *outcome.mutable_residue() = EncodeResidue(report.residue);
  return message;
}

v1::SessionRequest EncodeForeignChange(const RunId& run, std::optional<Duration> at, const std::string& text) {
  v1::SessionRequest message;
  v1::ForeignEvent& event = *message.mutable_foreign_change();
  event.set_run_id(run.text());
  if (at) *event.mutable_change()->mutable_at() = EncodeDuration(*at);
  event.mutable_change()->set_text(Printable(text));
  return message;
}

v1::SessionRequest EncodeCounters(const RunId& run, const std::vector<RuleCounters>& counters) {
  v1::SessionRequest message;
  message.mutable_counters()->set_run_id(run.text());
  for (const RuleCounters& step : counters) *message.mutable_counters()->add_counters() = EncodeStepCounters(step);
  return message;
}

v1::SessionRequest EncodeUnknownRun(const RunId& run) {
  v1::SessionRequest message;
  message.mutable_run_end()->set_run_id(run.text());
  v1::NodeOutcome& outcome = *message.mutable_run_end()->mutable_outcome();
  outcome.set_end(v1::NODE_END_UNKNOWN_RUN);
  *outcome.mutable_residue() =
      EncodeResidue(NotProven("the agent knows nothing of the run; it clears up when it starts"));
  return message;
}

v1::SessionRequest EncodeArmed(const RunId& run, Duration took, std::size_t holds) {
  v1::SessionRequest message;
  message.mutable_armed()->set_run_id(run.text());
  *message.mutable_armed()->mutable_took() = EncodeDuration(took);
  message.mutable_armed()->set_holds(static_cast<std::uint32_t>(holds));
  return message;
}

v1::SessionRequest EncodeRefused(const RunId& run, absl::string_view reason) {
  v1::SessionRequest message;
  message.mutable_refused()->set_run_id(run.text());
  message.mutable_refused()->set_reason(Printable(reason));
  return message;
}

SessionRhythm::Word WordOf(const v1::SessionResponse& message) {
  if (message.has_clock_pong()) return SessionRhythm::Word::kTime;
  const bool wants_nothing = message.has_heartbeat() && message.heartbeat().run_ids().empty();
  return wants_nothing ? SessionRhythm::Word::kBeat : SessionRhythm::Word::kOrder;
}

void AddAddresses(const std::vector<Interface>& interfaces, v1::NodeInfo& node) {
  for (const Interface& interface : interfaces) {
    for (const Interface::Address& address : interface.addresses) {
      v1::NodeAddress& out = *node.add_addresses();
      out.set_address(address.address.ToBytes());
      out.set_prefix_length(static_cast<std::uint32_t>(address.prefix_length));
      out.set_interface(Printable(interface.name));
    }
  }
}

v1::Ec2Identity EncodeEc2(const Ec2Identity& identity) {
  v1::Ec2Identity out;
  out.set_instance_id(identity.instance_id);
  out.set_instance_type(identity.instance_type);
  out.set_region(identity.region);
  out.set_availability_zone(identity.availability_zone);
  out.set_vpc_id(identity.vpc_id);
  out.set_subnet_id(identity.subnet_id);
  for (const Prefix& cidr : identity.vpc_cidrs) out.add_vpc_cidrs(cidr.ToString());
  for (const Ec2Interface& interface : identity.interfaces) {
    v1::Ec2Interface& entry = *out.add_interfaces();
    entry.set_id(interface.id);
    entry.set_mac(interface.mac);
    if (interface.device_number) entry.set_device_number(*interface.device_number);
    entry.set_subnet_id(interface.subnet_id);
    for (const IpAddress& address : interface.addresses) entry.add_addresses(address.ToString());
  }
  return out;
}

std::string TameLine(absl::string_view text) {
  std::string tame(text.substr(0, kLongestText));
  const auto within_character = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; };
  if (text.size() > kLongestText && within_character(text[kLongestText])) {
    while (!tame.empty() && within_character(tame.back())) tame.pop_back();
    if (!tame.empty()) tame.pop_back();
  }
  for (char& c : tame) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = ' ';
  }
  return tame;
}

absl::StatusOr<RunId> DecodeRunId(absl::string_view text) {
  if (const absl::Status status = CheckName(text, "run id"); !status.ok()) {
    return absl::InvalidArgumentError(TameLine(status.message()));
  }
  return RunId(std::string(text));
}

google::protobuf::Duration EncodeTime(MonotonicTime time) { return EncodeDuration(time.time_since_epoch()); }

absl::StatusOr<MonotonicTime> DecodeTime(const google::protobuf::Duration& message) {
  FAULTLINE_ASSIGN_OR_RETURN(const Duration since, DecodeDuration(message));
  return MonotonicTime(since);
}

absl::StatusOr<ControllerTime> DecodeControllerTime(const google::protobuf::Duration& message) {
  FAULTLINE_ASSIGN_OR_RETURN(const Duration since, DecodeDuration(message));
  return ControllerTime(since);
}

}  // namespace faultline
