#include "agent/kernel/probe.h"

#include <sys/utsname.h>

#include "agent/kernel/lane.h"
#include "agent/kernel/nft_names.h"
#include "agent/kernel/nft_program.h"
#include "agent/kernel/nft_rule.h"
#include "common/status.h"

namespace faultline {
namespace {

constexpr char kProbeTable[] = "faultline-probe";
constexpr char kProbeChain[] = "probe";

// Of a feature's trial: a refusal says no, unless it says nothing about the feature.
absl::StatusOr<bool> Verdict(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return true;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kDeadlineExceeded:
      return status;
    default:
      return false;
  }
}

// Loopback is in every namespace, no fault acts on it, and a chain without rules accepts: a hook
// there, for the length of one batch, changes nothing for anyone.
absl::StatusOr<bool> ProbeHook(NlConversation& conversation, Direction direction) {
  const std::string loopback[] = {"lo"};
  NftBatch batch(conversation.next_sequence());
  AddTable(batch, NftVerb::kCreate, kProbeTable, /*owned=*/false);
  AddBaseChain(batch, kProbeTable, kProbeChain, direction, loopback);
  AddTable(batch, NftVerb::kDelete, kProbeTable, /*owned=*/false);
  return Verdict(batch.Commit(conversation));
}

// A chain that nothing reaches, with a rule that forwards to the lane.
absl::Status TryForward(NlConversation& conversation, const BlackholeLane& lane) {
  NftBatch batch(conversation.next_sequence());
  AddTable(batch, NftVerb::kCreate, kProbeTable, /*owned=*/false);
  AddChain(batch, NftVerb::kCreate, kProbeTable, kProbeChain);
  NftRuleBuilder(kProbeChain, kProbeTable).ForwardTo(lane.index).Add(batch);
  AddTable(batch, NftVerb::kDelete, kProbeTable, /*owned=*/false);
  return batch.Commit(conversation);
}

// Making the first ifb of a kernel loads its module, which makes ifb0 and ifb1 in the initial
// namespace. They are idle and not ours: they stay.
absl::StatusOr<bool> ProbeLane(NlConversation& conversation, RtSocket& socket) {
  const auto lane = MakeLane(socket);
  if (!lane.ok()) return Verdict(lane.status());
  const absl::Status tried = TryForward(conversation, *lane);
  FAULTLINE_RETURN_IF_ERROR(DeleteLane(socket, *lane));
  return Verdict(tried);
}

}  // namespace

absl::StatusOr<bool> ProbeTableOwner(NlConversation& conversation) {
  NftBatch batch(conversation.next_sequence());
  AddTable(batch, NftVerb::kCreate, kProbeTable, /*owned=*/true);
  AddTable(batch, NftVerb::kDelete, kProbeTable, /*owned=*/true);
  return Verdict(batch.Commit(conversation));
}

absl::StatusOr<KernelCapabilities> ProbeKernel(NlConversation& conversation, RtSocket& socket) {
  KernelCapabilities capabilities;
  utsname system{};
  if (uname(&system) == 0) capabilities.release = system.release;
  FAULTLINE_ASSIGN_OR_RETURN(capabilities.netdev_ingress, ProbeHook(conversation, Direction::kIngress));
  FAULTLINE_ASSIGN_OR_RETURN(capabilities.netdev_egress, ProbeHook(conversation, Direction::kEgress));
  FAULTLINE_ASSIGN_OR_RETURN(capabilities.blackhole_lane, ProbeLane(conversation, socket));
  return capabilities;
}

}  // namespace faultline
