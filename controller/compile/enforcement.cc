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
std::vector<PrefixSet> SetsOf(const Member& member, const Membership& group) {
  std::vector<PrefixSet> sets;
  if (!group.cidrs.empty()) sets.push_back(group.cidrs);
  const std::vector<Prefix>& own = member.own.prefixes();
  const bool inside =
      std::all_of(own.begin(), own.end(), [&](const Prefix& prefix) { return group.cidrs.Contains(prefix.address()); });
  if (!inside) sets.push_back(member.own);
  return sets;
}

void AddReceiver(const Member& receiver, const Membership& from, const Membership& to, Enforcement& enforcement) {
  for (PrefixSet& destinations : SetsOf(receiver, to)) {
    if (!ShareFamily(from.addresses, destinations)) continue;
    enforcement.rules.push_back({receiver.node, Side::kReceiver, from.addresses, destinations, {}});
  }
}

// `except`: of the destinations, those that others act for.
void AddSender(const Member& sender, const Membership& from, const Membership& to, const PrefixSet& except,
               const std::vector<bool>& senders, Enforcement& enforcement) {
  bool needed = false;
  for (PrefixSet& sources : SetsOf(sender, from)) {
    if (!ShareFamily(sources, to.cidrs)) continue;
    needed = true;
    if (!senders[sender.node]) break;
    enforcement.rules.push_back({sender.node, Side::kSender, sources, to.cidrs, except});
  }
  if (needed && !senders[sender.node]) enforcement.unable.push_back(sender.node);
}

// Whether the senders can do it all by themselves.
bool SendersSuffice(const Membership& from, const Membership& to, const std::vector<bool>& senders) {
  const bool all_can = std::all_of(from.members.begin(), from.members.end(),
                                   [&senders](const Member& member) { return senders[member.node]; });
  return all_can && !from.members.empty() && !from.beyond_agents && to.addresses == to.cidrs;
}

}  // namespace

Enforcement Enforce(const Membership& from, const Membership& to, Preference preference,
                    const std::vector<bool>& senders) {
  Enforcement enforcement;
  if (preference == Preference::kSenders && SendersSuffice(from, to, senders)) {
    for (const Member& sender : from.members) AddSender(sender, from, to, {}, senders, enforcement);
    return enforcement;
  }
  for (const Member& receiver : to.members) AddReceiver(receiver, from, to, enforcement);
  if (to.beyond_agents) {
    for (const Member& sender : from.members) AddSender(sender, from, to, to.agent_addresses, senders, enforcement);
  }
  return enforcement;
}

}  // namespace faultline
