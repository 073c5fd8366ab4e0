#include "controller/compile/enforcement.h"

#include <algorithm>

namespace faultline {
namespace {

bool ShareFamily(const PrefixSet& a, const PrefixSet& b) {
  return (a.HasFamily(Family::kIpv4) && b.HasFamily(Family::kIpv4)) ||
         (a.HasFamily(Family::kIpv6) && b.HasFamily(Family::kIpv6));
}

// The group's addresses that concern one member. Two sets rather than their union: the CIDRs are then the same set on
// every node, and never copied.
std::vector<PrefixSet> SetsOf(const Member& member, const Membership& group, const NodeIndex& fleet) {
  std::vector<PrefixSet> sets;
  if (!group.cidrs.empty()) sets.push_back(group.cidrs);
  if (!member.chosen) return sets;
  const PrefixSet& own = fleet.OwnAddresses(member.node);
  const bool inside = std::all_of(own.prefixes().begin(), own.prefixes().end(),
                                  [&](const Prefix& prefix) { return group.cidrs.Contains(prefix.address()); });
  if (!inside) sets.push_back(own);
  return sets;
}

void AddReceiver(const Member& receiver, const Membership& from, const Membership& to, const NodeIndex& fleet,
                 Enforcement& enforcement) {
  for (PrefixSet& destinations : SetsOf(receiver, to, fleet)) {
    if (!ShareFamily(from.addresses, destinations)) continue;
    enforcement.rules.push_back({receiver.node, Side::kReceiver, from.addresses, destinations, {}});
  }
}

void AddSender(const Member& sender, const Membership& from, const Membership& to, const NodeIndex& fleet,
               const std::vector<bool>& senders, Enforcement& enforcement) {
  bool needed = false;
  for (PrefixSet& sources : SetsOf(sender, from, fleet)) {
    if (!ShareFamily(sources, to.cidrs)) continue;
    needed = true;
    if (!senders[sender.node]) break;
    enforcement.rules.push_back({sender.node, Side::kSender, sources, to.cidrs, to.agent_addresses});
  }
  if (needed && !senders[sender.node]) enforcement.unable.push_back(sender.node);
}

}  // namespace

Enforcement Enforce(const Membership& from, const Membership& to, const NodeIndex& fleet,
                    const std::vector<bool>& senders) {
  Enforcement enforcement;
  for (const Member& receiver : to.members) AddReceiver(receiver, from, to, fleet, enforcement);
  if (to.beyond_agents) {
    for (const Member& sender : from.members) AddSender(sender, from, to, fleet, senders, enforcement);
  }
  return enforcement;
}

}  // namespace faultline
