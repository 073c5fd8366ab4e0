#include "agent/observe/tcp_codec.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "common/timeline_codec.h"

namespace faultline {
namespace {

absl::StatusOr<std::uint16_t> DecodePort(std::uint32_t port) {
  if (port >= 1 && port <= 65535) return static_cast<std::uint16_t>(port);
  return absl::InvalidArgumentError(absl::StrCat("TCP port ", port, " is not within 1..65535"));
}

absl::StatusOr<std::optional<IpAddress>> DecodeOwn(const std::string& bytes, Family family) {
  if (bytes.empty()) return std::optional<IpAddress>();
  FAULTLINE_ASSIGN_OR_RETURN(const IpAddress address, IpAddress::FromBytes(bytes));
  if (address.family() == family) return std::optional<IpAddress>(address);
  return absl::InvalidArgumentError(absl::StrCat("own address ", address.ToString(), " is of the other IP version"));
}

absl::StatusOr<TcpTarget> DecodeTarget(const v1::TcpTarget& message) {
  TcpTarget target;
  target.peer = NodeName(message.peer());
  FAULTLINE_ASSIGN_OR_RETURN(target.address, IpAddress::FromBytes(message.address()));
  FAULTLINE_ASSIGN_OR_RETURN(target.port, DecodePort(message.port()));
  return target;
}

absl::Status DecodeLengths(const v1::TcpProbeConfig& message, TcpMesh& mesh) {
  FAULTLINE_ASSIGN_OR_RETURN(mesh.interval, DecodeDuration(message.interval()));
  FAULTLINE_ASSIGN_OR_RETURN(mesh.timeout, DecodeDuration(message.timeout()));
  FAULTLINE_ASSIGN_OR_RETURN(mesh.window, DecodeDuration(message.window()));
  FAULTLINE_ASSIGN_OR_RETURN(mesh.lasts, DecodeDuration(message.lasts()));
  return absl::OkStatus();
}

}  // namespace

void EncodeTcpCounts(std::span<const TcpCount> counts, v1::Observation& observation) {
  for (const TcpCount& count : counts) {
    v1::TcpWindow& window = *observation.add_tcp_windows();
    window.set_peer(count.peer.text());
    window.set_family(count.family == Family::kIpv4 ? v1::FAMILY_IPV4 : v1::FAMILY_IPV6);
    window.set_port(count.port);
    *window.mutable_start() = EncodeDuration(count.start.time_since_epoch());
    window.set_connected(count.connected);
    window.set_refused(count.refused);
    window.set_timed_out(count.timed_out);
    window.set_unreachable(count.unreachable);
    window.set_failed(count.failed);
    if (!count.min_time) continue;
    *window.mutable_min_time() = EncodeDuration(*count.min_time);
    *window.mutable_sum_time() = EncodeDuration(count.sum_time);
  }
}

absl::StatusOr<TcpMesh> DecodeTcpMesh(const v1::TcpProbeConfig& message) {
  TcpMesh mesh;
  FAULTLINE_ASSIGN_OR_RETURN(mesh.own_ipv4, DecodeOwn(message.own_ipv4(), Family::kIpv4));
  FAULTLINE_ASSIGN_OR_RETURN(mesh.own_ipv6, DecodeOwn(message.own_ipv6(), Family::kIpv6));
  const absl::Status lengths = DecodeLengths(message, mesh);
  if (!lengths.ok()) return WithContext(lengths, "TCP probe");
  for (const v1::TcpTarget& entry : message.targets()) {
    absl::StatusOr<TcpTarget> target = DecodeTarget(entry);
    if (!target.ok()) return WithContext(target.status(), "TCP target");
    mesh.targets.push_back(*std::move(target));
  }
  for (const std::uint32_t port : message.dialled_ports()) {
    FAULTLINE_ASSIGN_OR_RETURN(const std::uint16_t dialled, DecodePort(port));
    mesh.dialled_ports.push_back(dialled);
  }
  FAULTLINE_RETURN_IF_ERROR(CheckTcpMesh(mesh));
  return mesh;
}

absl::Status ConfigureTcpProber(TcpProber& prober, const v1::TcpProbeConfig& message) {
  FAULTLINE_ASSIGN_OR_RETURN(const TcpMesh mesh, DecodeTcpMesh(message));
  return prober.Configure(mesh);
}

void DrainTcpProber(TcpProber& prober, v1::Observation& observation) {
  const std::vector<TcpCount> counts = prober.Drain();
  EncodeTcpCounts(counts, observation);
}

}  // namespace faultline
