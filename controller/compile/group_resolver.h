#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/document/text_error.h"
#include "controller/compile/membership.h"
#include "controller/compile/node_index.h"
#include "controller/plan/plan.h"

namespace faultline {

// Positions of a plan's groups: by name.
using GroupIndex = std::map<std::string, std::size_t, std::less<>>;

// Every group of a plan in one fleet, and kEveryNode where the plan speaks of it. The vectors are as long as the index.
struct GroupTable {
  GroupIndex index;
  std::vector<Selection> selections;
  // One without addresses is bad: an error has been said of it or of a group it is made from.
  std::vector<Membership> memberships;
  // Each draw in words: "one: lon-2 (of the 4 nodes of 'london')".
  std::vector<std::string> drawn;
};

// Finds the members of all groups: unions, differences and draws included; the addresses of DNS names are among the
// groups' CIDRs already. A draw hangs on the plan's seed, the group's name and the members' names alone. A node that
// comes or goes changes a draw by one node at most, but for a share that grows or shrinks.
//
// Adds an error for every group that has no address, at its position, and a warning for names that no node has.
GroupTable ResolveGroups(const Plan& plan, const NodeIndex& fleet, TextErrors& errors,
                         std::vector<std::string>& warnings);

}  // namespace faultline
