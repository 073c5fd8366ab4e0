#include "controller/compile/membership.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/compile/glob.h"

namespace faultline {
namespace {

bool HasLabels(const InventoryNode& node, const std::map<std::string, std::string>& labels) {
  return std::all_of(labels.begin(), labels.end(), [&node](const auto& wanted) {
    const auto label = node.labels.find(wanted.first);
    return label != node.labels.end() && GlobMatches(wanted.second, label->second);
  });
}

void ChooseByGlob(absl::string_view glob, const NodeIndex& fleet, std::vector<bool>& chosen) {
  for (std::size_t i = 0; i < fleet.names().size(); ++i) {
    if (!chosen[i] && GlobMatches(glob, fleet.names()[i])) chosen[i] = true;
  }
}

// Which nodes name or label choose.
std::vector<bool> Choose(const Group& group, const NodeIndex& fleet, std::vector<std::string>& absent_names) {
  std::vector<bool> chosen(fleet.nodes().size(), false);
  for (const std::string& name : group.nodes) {
    if (IsGlob(name)) {
      ChooseByGlob(name, fleet, chosen);
    } else if (const std::optional<std::size_t> node = fleet.Find(name)) {
      chosen[*node] = true;
    } else {
      absent_names.push_back(name);
    }
  }
  for (std::size_t i = 0; i < chosen.size() && !group.labels.empty(); ++i) {
    if (HasLabels(fleet.nodes()[i], group.labels)) chosen[i] = true;
  }
  return chosen;
}

// The smaller of two overlapping prefixes that the sets share.
std::optional<Prefix> SharedPrefix(const PrefixSet& a, const PrefixSet& b) {
  for (const Prefix& prefix : a.prefixes()) {
    const auto next = std::lower_bound(b.prefixes().begin(), b.prefixes().end(), prefix);
    if (next != b.prefixes().end() && prefix.Contains(*next)) return *next;
    if (next != b.prefixes().begin() && std::prev(next)->Contains(prefix)) return prefix;
  }
  return std::nullopt;
}

}  // namespace

void Selection::Add(const Selection& other) {
  cidrs = cidrs.Union(other.cidrs);
  for (const auto& [node, own] : other.chosen) {
    const auto [entry, fresh] = chosen.try_emplace(node, own);
    if (!fresh) entry->second = entry->second.Union(own);
  }
}

Selection Select(const Group& group, const NodeIndex& fleet, std::vector<std::string>& absent_names) {
  Selection selection;
  selection.cidrs = group.cidrs;
  const std::vector<bool> chosen = Choose(group, fleet, absent_names);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (chosen[i]) selection.chosen.emplace_hint(selection.chosen.end(), i, fleet.OwnAddresses(i));
  }
  return selection;
}

Membership MembershipOf(std::string name, const Selection& selection, const NodeIndex& fleet) {
  Membership membership;
  membership.name = std::move(name);
  membership.cidrs = selection.cidrs;
  std::vector<Prefix> own;
  std::vector<Prefix> inside;
  for (std::size_t i = 0; i < fleet.nodes().size(); ++i) {
    const std::size_t inside_before = inside.size();
    for (const IpAddress& address : fleet.nodes()[i].addresses) {
      if (selection.cidrs.Contains(address)) inside.emplace_back(address);
    }
    const auto chosen = selection.chosen.find(i);
    if (chosen == selection.chosen.end() && inside.size() == inside_before) continue;
    membership.members.push_back({i, chosen == selection.chosen.end() ? PrefixSet() : chosen->second});
    const std::vector<Prefix>& prefixes = membership.members.back().own.prefixes();
    own.insert(own.end(), prefixes.begin(), prefixes.end());
  }
  membership.addresses = own.empty() ? selection.cidrs : selection.cidrs.Union(PrefixSet(std::move(own)));
  membership.agent_addresses = PrefixSet(std::move(inside));
  membership.beyond_agents = membership.cidrs != membership.agent_addresses;
  return membership;
}

Selection Without(const Selection& whole, const Membership& part, const NodeIndex& fleet) {
  std::vector<Prefix> own;
  Selection left;
  left.chosen = whole.chosen;
  for (const Member& member : part.members) {
    left.chosen.erase(member.node);
    const std::vector<Prefix>& prefixes = fleet.OwnAddresses(member.node).prefixes();
    own.insert(own.end(), prefixes.begin(), prefixes.end());
  }
  left.cidrs = whole.cidrs.Subtract(part.addresses).Subtract(PrefixSet(std::move(own)));
  return left;
}

std::vector<std::size_t> Drawable(const Membership& of, const NodeIndex& fleet) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < of.members.size(); ++i) {
    if (fleet.OwnAddresses(of.members[i].node).Overlaps(of.addresses)) places.push_back(i);
  }
  return places;
}

Selection PartOf(const Membership& of, const std::vector<std::size_t>& places, const NodeIndex& fleet) {
  Selection part;
  for (const std::size_t place : places) {
    const Member& member = of.members[place];
    part.chosen.emplace(member.node, fleet.OwnAddresses(member.node).Intersection(of.addresses));
  }
  return part;
}

Selection Outside(const Membership& membership) {
  const PrefixSet complement = membership.addresses.Complement();
  std::vector<Prefix> outside;
  for (const Prefix& prefix : complement.prefixes()) {
    if (membership.addresses.HasFamily(prefix.family())) outside.push_back(prefix);
  }
  Selection selection;
  selection.cidrs = PrefixSet(std::move(outside));
  return selection;
}

std::optional<std::string> SharedPart(const Membership& a, const Membership& b, const NodeIndex& fleet) {
  if (!a.addresses.Overlaps(b.addresses)) return std::nullopt;
  for (const InventoryNode& node : fleet.nodes()) {
    for (const IpAddress& address : node.addresses) {
      if (a.addresses.Contains(address) && b.addresses.Contains(address)) {
        return absl::StrCat("node '", node.name.text(), "' (", address.ToString(), ")");
      }
    }
  }
  const std::optional<Prefix> prefix = SharedPrefix(a.addresses, b.addresses);
  return prefix ? prefix->ToString() : "";
}

}  // namespace faultline
