#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "common/prefix_set.h"
#include "controller/compile/node_index.h"
#include "controller/plan/plan.h"

namespace faultline {

// A node of a group, by its position in the fleet.
struct Member {
  std::size_t node = 0;
  // Chosen by name or label, so that all its own addresses are the group's; else only those inside the CIDRs.
  bool chosen = false;

  friend bool operator==(const Member&, const Member&) = default;
};

// Who a group is in one fleet. Computed once per group, for all its nodes and steps.
struct Membership {
  std::string name;
  PrefixSet cidrs;
  // In the fleet's order.
  std::vector<Member> members;
  // The CIDRs and the own addresses of chosen members.
  PrefixSet addresses;
  // Addresses of the fleet inside the CIDRs.
  PrefixSet agent_addresses;
  // Whether the CIDRs hold any other address: a host without an agent may be there.
  bool beyond_agents = false;
  // Names (not globs) asked for that no node has.
  std::vector<std::string> absent_names;
};

Membership MembershipOf(const Group& group, const NodeIndex& fleet);

// What two groups have in common, as text ("node 'lon-1'", "172.32.0.0/20"); nothing when they share no address.
std::optional<std::string> SharedPart(const Membership& a, const Membership& b, const NodeIndex& fleet);

}  // namespace faultline
