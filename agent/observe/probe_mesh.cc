#include "agent/observe/probe_mesh.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "common/duration.h"
#include "common/status.h"

namespace faultline {
namespace {

constexpr Duration kShortest = std::chrono::milliseconds(10);
constexpr Duration kLongest = std::chrono::minutes(1);

absl::Status CheckLength(absl::string_view what, Duration length) {
  if (length >= kShortest && length <= kLongest) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("probe ", what, " ", FormatDuration(length), " is not within ",
                                                 FormatDuration(kShortest), "..", FormatDuration(kLongest)));
}

absl::Status CheckPeer(const MeshPeer& peer) {
  FAULTLINE_RETURN_IF_ERROR(CheckName(peer.name.text(), "name of a probe peer"));
  if (peer.ipv4 && peer.ipv4->family() != Family::kIpv4) {
    return absl::InvalidArgumentError(
        absl::StrCat("probe peer ", peer.name.text(), ": ", peer.ipv4->ToString(), " is no IPv4 address"));
  }
  if (peer.ipv6 && peer.ipv6->family() != Family::kIpv6) {
    return absl::InvalidArgumentError(
        absl::StrCat("probe peer ", peer.name.text(), ": ", peer.ipv6->ToString(), " is no IPv6 address"));
  }
  return absl::OkStatus();
}

absl::Status CheckPeers(const ProbeMesh& mesh) {
  if (mesh.peers.size() > kMostMeshPeers) {
    return absl::InvalidArgumentError(absl::StrCat(mesh.peers.size(), " probe peers are more than ", kMostMeshPeers));
  }
  std::set<NodeName> names;
  std::set<std::uint32_t> ids = {mesh.self_id};
  for (const MeshPeer& peer : mesh.peers) {
    FAULTLINE_RETURN_IF_ERROR(CheckPeer(peer));
    if (!names.insert(peer.name).second) {
      return absl::InvalidArgumentError(absl::StrCat("probe peer ", peer.name.text(), " is given twice"));
    }
    if (!ids.insert(peer.id).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("probe peer ", peer.name.text(), ": number ", peer.id, " is another node's"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckKeys(const ProbeMesh& mesh) {
  if (mesh.keys.empty()) {
    return absl::InvalidArgumentError(
        "the controller gives no key that probes are signed with: it is older than this agent; upgrade it");
  }
  if (mesh.keys.size() <= kMostProbeKeys) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(mesh.keys.size(), " keys of probes are more than ", kMostProbeKeys));
}

absl::Status CheckRate(const ProbeMesh& mesh) {
  const auto targets = static_cast<std::int64_t>(mesh.TargetCount());
  const Duration least = Duration(std::chrono::seconds(1)) * targets / kMostProbesPerSecond;
  if (mesh.interval >= least) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(targets, " probes every ", FormatDuration(mesh.interval), " are more than ", kMostProbesPerSecond,
                   " a second, the most a node sends; an interval of ", FormatDuration(least), " or more would do"));
}

}  // namespace

std::size_t ProbeMesh::TargetCount() const {
  std::size_t count = 0;
  for (const MeshPeer& peer : peers) count += (peer.ipv4 ? 1 : 0) + (peer.ipv6 ? 1 : 0);
  return count;
}

absl::Status CheckProbeMesh(const ProbeMesh& mesh) {
  if (mesh.port == 0) return absl::InvalidArgumentError("probe port 0 is none");
  FAULTLINE_RETURN_IF_ERROR(CheckLength("interval", mesh.interval));
  FAULTLINE_RETURN_IF_ERROR(CheckLength("window", mesh.window));
  FAULTLINE_RETURN_IF_ERROR(CheckPeers(mesh));
  FAULTLINE_RETURN_IF_ERROR(CheckKeys(mesh));
  return CheckRate(mesh);
}

}  // namespace faultline
