#include "agent/observe/observation_codec.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "common/timeline_codec.h"

namespace faultline {
namespace {

v1::Family EncodeFamily(Family family) { return family == Family::kIpv4 ? v1::FAMILY_IPV4 : v1::FAMILY_IPV6; }

v1::ProbeWindow& AddWindow(const WindowCount& count, v1::Observation& observation) {
  v1::ProbeWindow& window = *observation.add_windows();
  window.set_peer(count.peer.text());
  window.set_family(EncodeFamily(count.family));
  *window.mutable_start() = EncodeDuration(count.start.time_since_epoch());
  return window;
}

absl::StatusOr<std::optional<IpAddress>> DecodeAddress(const std::string& bytes) {
  if (bytes.empty()) return std::optional<IpAddress>();
  FAULTLINE_ASSIGN_OR_RETURN(const IpAddress address, IpAddress::FromBytes(bytes));
  return std::optional<IpAddress>(address);
}

absl::StatusOr<MeshPeer> DecodePeer(const v1::ProbePeer& message) {
  MeshPeer peer;
  peer.name = NodeName(message.name());
  peer.id = message.id();
  FAULTLINE_ASSIGN_OR_RETURN(peer.ipv4, DecodeAddress(message.ipv4()));
  FAULTLINE_ASSIGN_OR_RETURN(peer.ipv6, DecodeAddress(message.ipv6()));
  return peer;
}

absl::Status DecodeLengths(const v1::ProbeConfig& message, ProbeMesh& mesh) {
  absl::StatusOr<Duration> interval = DecodeDuration(message.interval());
  if (!interval.ok()) return WithContext(interval.status(), "probe interval");
  absl::StatusOr<Duration> window = DecodeDuration(message.window());
  if (!window.ok()) return WithContext(window.status(), "probe window");
  mesh.interval = *interval;
  mesh.window = *window;
  return absl::OkStatus();
}

absl::StatusOr<PacketMac::Key> DecodeKey(absl::string_view bytes) {
  PacketMac::Key key;
  if (bytes.size() != key.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a key of probes has ", bytes.size(), " bytes instead of ", key.size()));
  }
  std::ranges::copy(bytes, key.begin());
  return key;
}

absl::StatusOr<std::vector<BurstEnd>> DecodeEnds(const google::protobuf::RepeatedPtrField<v1::BurstEnd>& messages) {
  std::vector<BurstEnd> ends;
  for (const v1::BurstEnd& message : messages) {
    if (message.family() != v1::FAMILY_IPV4 && message.family() != v1::FAMILY_IPV6) {
      return absl::InvalidArgumentError(
          absl::StrCat("IP version ", static_cast<int>(message.family()), " is not known"));
    }
    ends.push_back({.peer = NodeName(message.peer()),
                    .family = message.family() == v1::FAMILY_IPV4 ? Family::kIpv4 : Family::kIpv6});
  }
  return ends;
}

absl::StatusOr<ProbeBurst> DecodeBurst(const v1::ProbeBurst& message) {
  ProbeBurst burst;
  burst.number = message.number();
  FAULTLINE_ASSIGN_OR_RETURN(const Duration start, DecodeDuration(message.start()));
  burst.start = ControllerTime(start);
  FAULTLINE_ASSIGN_OR_RETURN(burst.length, DecodeDuration(message.length()));
  FAULTLINE_ASSIGN_OR_RETURN(burst.interval, DecodeDuration(message.interval()));
  FAULTLINE_ASSIGN_OR_RETURN(burst.to, DecodeEnds(message.to()));
  FAULTLINE_ASSIGN_OR_RETURN(burst.from, DecodeEnds(message.from()));
  return burst;
}

}  // namespace

v1::Observation EncodeObservation(std::span<const WindowCount> counts, std::span<const BurstMarks> bursts) {
  v1::Observation observation;
  for (const WindowCount& count : counts) {
    if (count.sent > 0) AddWindow(count, observation).set_sent(count.sent);
    if (count.received == 0) continue;
    v1::ProbeWindow& window = AddWindow(count, observation);
    window.set_received(count.received);
    if (count.min_delay) *window.mutable_min_delay() = EncodeDuration(*count.min_delay);
    *window.mutable_sum_delay() = EncodeDuration(count.sum_delay);
  }
  for (const BurstMarks& noted : bursts) {
    v1::BurstMarks& marks = *observation.add_bursts();
    marks.set_run_id(noted.run.text());
    marks.set_burst(noted.burst);
    marks.set_peer(noted.end.peer.text());
    marks.set_family(EncodeFamily(noted.end.family));
    marks.set_sent(noted.sent);
    marks.set_received(noted.received);
  }
  return observation;
}

absl::StatusOr<ProbeMesh> DecodeProbeMesh(const v1::ProbeConfig& message) {
  ProbeMesh mesh;
  mesh.token = message.token();
  mesh.self_id = message.self_id();
  if (message.port() > 65535) {
    return absl::InvalidArgumentError(absl::StrCat("probe port ", message.port(), " is not within 1..65535"));
  }
  mesh.port = static_cast<std::uint16_t>(message.port());
  FAULTLINE_RETURN_IF_ERROR(DecodeLengths(message, mesh));
  for (const v1::ProbePeer& entry : message.peers()) {
    absl::StatusOr<MeshPeer> peer = DecodePeer(entry);
    if (!peer.ok()) return WithContext(peer.status(), "probe peer");
    mesh.peers.push_back(*std::move(peer));
  }
  for (const std::string& bytes : message.keys()) {
    FAULTLINE_ASSIGN_OR_RETURN(const PacketMac::Key key, DecodeKey(bytes));
    mesh.keys.push_back(key);
  }
  FAULTLINE_RETURN_IF_ERROR(CheckProbeMesh(mesh));
  return mesh;
}

absl::StatusOr<std::vector<ProbeBurst>> DecodeProbeBursts(const v1::ProbeBursts& message) {
  std::vector<ProbeBurst> bursts;
  for (const v1::ProbeBurst& entry : message.bursts()) {
    absl::StatusOr<ProbeBurst> burst = DecodeBurst(entry);
    if (!burst.ok()) return WithContext(burst.status(), absl::StrCat("burst ", entry.number()));
    bursts.push_back(*std::move(burst));
  }
  FAULTLINE_RETURN_IF_ERROR(CheckProbeBursts(bursts));
  return bursts;
}

absl::Status ConfigureProber(Prober& prober, const v1::ProbeConfig& message) {
  FAULTLINE_ASSIGN_OR_RETURN(const ProbeMesh mesh, DecodeProbeMesh(message));
  return prober.Configure(mesh);
}

absl::Status ConfigureBursts(Prober& prober, const v1::ProbeBursts& message) {
  FAULTLINE_RETURN_IF_ERROR(CheckName(message.run_id(), "run id"));
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<ProbeBurst> bursts, DecodeProbeBursts(message));
  return prober.SetBursts(RunId(message.run_id()), bursts);
}

v1::Observation DrainProber(Prober& prober) {
  const std::vector<WindowCount> counts = prober.Drain();
  const std::vector<BurstMarks> bursts = prober.DrainBursts();
  return EncodeObservation(counts, bursts);
}

}  // namespace faultline
