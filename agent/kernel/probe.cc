#include "agent/kernel/probe.h"

#include <sched.h>

#include <optional>
#include <thread>

#include "agent/kernel/egress_detour.h"
#include "agent/kernel/lane.h"
#include "agent/kernel/nft_chain.h"
#include "agent/kernel/nft_rule.h"
#include "agent/kernel/nl_socket.h"
#include "common/status.h"

namespace faultline {
namespace {

constexpr char kProbeTable[] = "faultline-probe";
constexpr char kProbeChain[] = "probe";
constexpr TableId kNetdevProbe{.family = NftFamily::kNetdev, .name = kProbeTable};
constexpr TableId kInetProbe{.family = NftFamily::kInet, .name = kProbeTable};

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

// Makes a table, has `fill` put something into it, and deletes it, all in one batch: the kernel checks it all, and no
// packet meets any of it.
template <typename Fill>
absl::StatusOr<bool> TryInTable(NlConversation& conversation, const TableId& table, const Fill& fill) {
  NftBatch batch(conversation.next_sequence());
  AddTable(batch, NftVerb::kCreate, table, /*owned=*/false);
  fill(batch, table);
  AddTable(batch, NftVerb::kDelete, table, /*owned=*/false);
  return Verdict(batch.Commit(conversation));
}

// A base chain with the rules that `add_rules` puts into it. On loopback: it is in every namespace, and no fault acts
// on it.
template <typename AddRules>
absl::StatusOr<bool> TryBaseChain(NlConversation& conversation, Place place, const AddRules& add_rules) {
  const TableId& table = InfoOf(place).family == NftFamily::kNetdev ? kNetdevProbe : kInetProbe;
  return TryInTable(conversation, table, [&](NftBatch& batch, const TableId& id) {
    const std::string loopback[] = {"lo"};
    AddBaseChain(batch, id, kProbeChain, place, loopback);
    add_rules(batch, id);
  });
}

// A rule in a chain that nothing reaches.
template <typename AddRule>
absl::StatusOr<bool> TryRule(NlConversation& conversation, const TableId& table, const AddRule& add_rule) {
  return TryInTable(conversation, table, [&](NftBatch& batch, const TableId& id) {
    AddChain(batch, NftVerb::kCreate, id, kProbeChain);
    add_rule(NftRuleBuilder(batch, id, kProbeChain));
  });
}

void AddNoRules(NftBatch&, const TableId&) {}

void AddRejects(NftBatch& batch, const TableId& table) {
  NftRuleBuilder(batch, table, kProbeChain).TransportIn({{Transport::kTcp}}).RejectByReset().Add();
  NftRuleBuilder(batch, table, kProbeChain).RejectByIcmp().Add();
}

absl::StatusOr<bool> TryRejectOutgoing(NlConversation& conversation) {
  for (const Place place : {Place::kOutput, Place::kForward}) {
    FAULTLINE_ASSIGN_OR_RETURN(const bool has, TryBaseChain(conversation, place, AddRejects));
    if (!has) return false;
  }
  return true;
}

// A lane that was made, or not, and a rule that sends packets through it. Making the first ifb of a kernel loads its
// module, which makes ifb0 and ifb1 in the initial namespace. They are idle and not ours: they stay.
absl::StatusOr<bool> TryLane(NlConversation& conversation, RtSocket& socket, const absl::StatusOr<Lane>& lane) {
  if (!lane.ok()) return Verdict(lane.status());
  const auto tried = TryRule(conversation, kNetdevProbe, [&](NftRuleBuilder rule) { rule.ForwardTo(*lane).Add(); });
  FAULTLINE_RETURN_IF_ERROR(DeleteLane(socket, *lane));
  return tried;
}

absl::StatusOr<bool> TryPriority(NlConversation& conversation, const Lane& lane) {
  return TryBaseChain(conversation, Place::kLanePost, [&lane](NftBatch& batch, const TableId& table) {
    NftRuleBuilder(batch, table, kProbeChain).PriorityIsOfLane().Return().Add();
    NftRuleBuilder(batch, table, kProbeChain).LeaveFor(lane).Add();
  });
}

// At a lane's own device, with which it goes.
absl::StatusOr<bool> TryClsact(NlConversation& conversation, RtSocket& socket) {
  const auto lane = MakeBlackholeLane(socket);
  if (!lane.ok()) return Verdict(lane.status());
  const auto detour = Verdict(AddDetours(socket, lane->device, lane->name, {&*lane, 1}));
  const auto priority = TryPriority(conversation, *lane);
  FAULTLINE_RETURN_IF_ERROR(DeleteLane(socket, *lane));
  if (!detour.ok() || !*detour) return detour;
  return priority;
}

LaneSpec RateSpec() {
  LaneSpec spec{.kind = LaneKind::kRate};
  spec.impairment.rate = BitRate{1'000'000'000};
  return spec;
}

LaneSpec NetemSpec() {
  LaneSpec spec{.kind = LaneKind::kNetem, .seed = 1};
  spec.impairment.delay = std::chrono::milliseconds(1);
  return spec;
}

absl::StatusOr<CapabilitySet> ProbeHere(NlConversation& conversation, RtSocket& socket) {
  CapabilitySet found;
  const auto note = [&found](Capability capability, const absl::StatusOr<bool>& has) {
    if (has.ok()) found.Set(capability, *has);
    return has.status();
  };
  const auto is_new = [](NftRuleBuilder rule) { rule.ConnectionIsNew(true).Drop().Add(); };
  const auto random = [](NftRuleBuilder rule) { rule.Random(Ratio::Percent(1)).Drop().Add(); };
  FAULTLINE_RETURN_IF_ERROR(note(Capability::kIngressHook, TryBaseChain(conversation, Place::kBlockIn, AddNoRules)));
  FAULTLINE_RETURN_IF_ERROR(note(Capability::kEgressHook, TryBaseChain(conversation, Place::kBlockOut, AddNoRules)));
  // Would be for nothing where there is a hook, and load modules.
  if (!found.Has(Capability::kEgressHook)) {
    FAULTLINE_RETURN_IF_ERROR(note(Capability::kEgressClsact, TryClsact(conversation, socket)));
  }
  FAULTLINE_RETURN_IF_ERROR(note(Capability::kReject, TryBaseChain(conversation, Place::kStateIn, AddRejects)));
  FAULTLINE_RETURN_IF_ERROR(note(Capability::kRejectOutgoing, TryRejectOutgoing(conversation)));
  FAULTLINE_RETURN_IF_ERROR(note(Capability::kConnectionState, TryRule(conversation, kInetProbe, is_new)));
  FAULTLINE_RETURN_IF_ERROR(note(Capability::kRandomRule, TryRule(conversation, kInetProbe, random)));
  FAULTLINE_RETURN_IF_ERROR(note(Capability::kBlackholeLane, TryLane(conversation, socket, MakeBlackholeLane(socket))));
  FAULTLINE_RETURN_IF_ERROR(note(Capability::kRateLane, TryLane(conversation, socket, MakeLane(socket, RateSpec()))));
  const auto netem = MakeLane(socket, NetemSpec());
  const auto takes_seed = netem.ok() ? TakesSeed(socket, *netem) : absl::StatusOr<bool>(false);
  FAULTLINE_RETURN_IF_ERROR(note(Capability::kNetem, TryLane(conversation, socket, netem)));
  FAULTLINE_RETURN_IF_ERROR(note(Capability::kNetemSeed, takes_seed));
  return found;
}

using Tries = absl::StatusOr<CapabilitySet> (*)(NlConversation&, RtSocket&);

// In a namespace that goes with the thread's sockets. nullopt: none can be made.
std::optional<absl::StatusOr<CapabilitySet>> ProbeElsewhere(Tries tries) {
  std::optional<absl::StatusOr<CapabilitySet>> found;
  std::thread([&found, tries] {
    if (unshare(CLONE_NEWNET) != 0) return;
    found = [&]() -> absl::StatusOr<CapabilitySet> {
      FAULTLINE_ASSIGN_OR_RETURN(auto netfilter, NlSocket::Open());
      FAULTLINE_ASSIGN_OR_RETURN(RtSocket route, RtSocket::Open());
      NlConversation conversation(std::move(netfilter));
      return tries(conversation, route);
    }();
  }).join();
  return found;
}

}  // namespace

absl::StatusOr<bool> ProbeTableOwner(NlConversation& conversation) {
  NftBatch batch(conversation.next_sequence());
  AddTable(batch, NftVerb::kCreate, kNetdevProbe, /*owned=*/true);
  AddTable(batch, NftVerb::kDelete, kNetdevProbe, /*owned=*/true);
  return Verdict(batch.Commit(conversation));
}

absl::StatusOr<bool> ProbeClsact(NlConversation& conversation, RtSocket& socket) {
  return TryClsact(conversation, socket);
}

absl::StatusOr<CapabilitySet> ProbeKernel(NlConversation& conversation, RtSocket& socket) {
  if (auto found = ProbeElsewhere(ProbeHere)) return *std::move(found);
  return ProbeHere(conversation, socket);
}

absl::StatusOr<CapabilitySet> ProbeApart() {
  auto found = ProbeElsewhere([](NlConversation& conversation, RtSocket& socket) -> absl::StatusOr<CapabilitySet> {
    FAULTLINE_ASSIGN_OR_RETURN(const bool has_owner, ProbeTableOwner(conversation));
    FAULTLINE_ASSIGN_OR_RETURN(CapabilitySet capabilities, ProbeHere(conversation, socket));
    capabilities.Set(Capability::kTableOwner, has_owner);
    return capabilities;
  });
  if (found) return *std::move(found);
  return absl::PermissionDeniedError("no network namespace can be made to try it in");
}

}  // namespace faultline
