#include "controller/compile/membership.h"

#include <algorithm>

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

Membership MembershipOf(const Group& group, const NodeIndex& fleet) {
  Membership membership;
  membership.name = group.name;
  membership.cidrs = group.cidrs;
  const std::vector<bool> chosen = Choose(group, fleet, membership.absent_names);
  std::vector<Prefix> addresses = group.cidrs.prefixes();
  std::vector<Prefix> inside;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const std::size_t inside_before = inside.size();
    for (const IpAddress& address : fleet.nodes()[i].addresses) {
      if (group.cidrs.Contains(address)) inside.emplace_back(address);
    }
    if (!chosen[i] && inside.size() == inside_before) continue;
    membership.members.push_back({i, chosen[i]});
    if (!chosen[i]) continue;
    const std::vector<Prefix>& own = fleet.OwnAddresses(i).prefixes();
    addresses.insert(addresses.end(), own.begin(), own.end());
  }
  membership.addresses = PrefixSet(std::move(addresses));
  membership.agent_addresses = PrefixSet(std::move(inside));
  membership.beyond_agents = membership.cidrs != membership.agent_addresses;
  return membership;
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
