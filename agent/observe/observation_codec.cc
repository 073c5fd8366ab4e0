#include "agent/observe/observation_codec.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "common/timeline_codec.h"

namespace faultline {
namespace {

v1::ProbeWindow& AddWindow(const WindowCount& count, v1::Observation& observation) {
  v1::ProbeWindow& window = *observation.add_windows();
  window.set_peer(count.peer.text());
  window.set_family(count.family == Family::kIpv4 ? v1::FAMILY_IPV4 : v1::FAMILY_IPV6);
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

}  // namespace

v1::Observation EncodeObservation(std::span<const WindowCount> counts) {
  v1::Observation observation;
  for (const WindowCount& count : counts) {
    if (count.sent > 0) AddWindow(count, observation).set_sent(count.sent);
    if (count.received == 0) continue;
    v1::ProbeWindow& window = AddWindow(count, observation);
    window.set_received(count.received);
    if (count.min_delay) *window.mutable_min_delay() = EncodeDuration(*count.min_delay);
    *window.mutable_sum_delay() = EncodeDuration(count.sum_delay);
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
  FAULTLINE_RETURN_IF_ERROR(CheckProbeMesh(mesh));
  return mesh;
}

absl::Status ConfigureProber(Prober& prober, const v1::ProbeConfig& message) {
  FAULTLINE_ASSIGN_OR_RETURN(const ProbeMesh mesh, DecodeProbeMesh(message));
  return prober.Configure(mesh);
}

v1::Observation DrainProber(Prober& prober) {
  const std::vector<WindowCount> counts = prober.Drain();
  return EncodeObservation(counts);
}

}  // namespace faultline
