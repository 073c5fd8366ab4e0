#include "agent/observe/tcp_mesh.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/duration.h"
#include "common/status.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;

absl::Status CheckLength(absl::string_view what, Duration length, Duration shortest, Duration longest) {
  if (length >= shortest && length <= longest) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("TCP ", what, " ", FormatDuration(length), " is not within ",
                                                 FormatDuration(shortest), "..", FormatDuration(longest)));
}

absl::Status CheckTarget(const TcpMesh& mesh, const TcpTarget& target) {
  FAULTLINE_RETURN_IF_ERROR(CheckName(target.peer.text(), "name of a TCP peer"));
  const std::string where = absl::StrCat("TCP port ", target.port, " of ", target.peer.text());
  if (target.port == 0) return absl::InvalidArgumentError(absl::StrCat(where, ": there is no such port"));
  const std::optional<IpAddress>& own = mesh.Own(target.address.family());
  if (own && own->family() == target.address.family()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(where, ": there is no own address of its IP version"));
}

absl::Status CheckTargets(const TcpMesh& mesh) {
  if (mesh.targets.size() > kMostTcpTargets || mesh.dialled_ports.size() > kMostDialledPorts) {
    return absl::InvalidArgumentError(
        absl::StrCat("more than ", kMostTcpTargets, " TCP targets or ", kMostDialledPorts, " dialled ports"));
  }
  std::set<TcpTarget> known;
  for (const TcpTarget& target : mesh.targets) {
    FAULTLINE_RETURN_IF_ERROR(CheckTarget(mesh, target));
    if (known.insert(target).second) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("TCP port ", target.port, " of ", target.peer.text(), " is given twice"));
  }
  if (std::ranges::find(mesh.dialled_ports, 0) == mesh.dialled_ports.end()) return absl::OkStatus();
  return absl::InvalidArgumentError("there is no TCP port 0 to be dialled on");
}

}  // namespace

absl::Status CheckTcpMesh(const TcpMesh& mesh) {
  if (mesh.Empty()) return absl::OkStatus();
  FAULTLINE_RETURN_IF_ERROR(CheckLength("interval", mesh.interval, milliseconds(10), std::chrono::minutes(1)));
  FAULTLINE_RETURN_IF_ERROR(CheckLength("timeout", mesh.timeout, milliseconds(10), kLongestTcpTimeout));
  FAULTLINE_RETURN_IF_ERROR(CheckLength("window", mesh.window, milliseconds(10), std::chrono::minutes(1)));
  FAULTLINE_RETURN_IF_ERROR(CheckLength("duty", mesh.lasts, milliseconds(1), std::chrono::hours(24 * 365)));
  FAULTLINE_RETURN_IF_ERROR(CheckTargets(mesh));
  const auto targets = static_cast<std::int64_t>(mesh.targets.size());
  if (mesh.interval * kMostTcpAttemptsPerSecond >= Duration(std::chrono::seconds(1)) * targets) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(targets, " TCP attempts every ", FormatDuration(mesh.interval),
                                                 " are more than ", kMostTcpAttemptsPerSecond,
                                                 " a second, the most a node makes"));
}

}  // namespace faultline
