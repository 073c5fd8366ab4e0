#pragma once

#include <cstddef>
#include <map>
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
  // Those of its own addresses that are the group's for its sake: it was chosen by name, by label or by lot. Empty: it
  // is a member by its addresses inside the CIDRs alone.
  PrefixSet own;

  friend bool operator==(const Member&, const Member&) = default;
};

// What a group is made of, and what unions and differences are made from. A value.
struct Selection {
  PrefixSet cidrs;
  // Chosen nodes, and the addresses that are the group's for their sake; a node without an address of its own has none.
  std::map<std::size_t, PrefixSet> chosen;

  void Add(const Selection& other);
  bool empty() const { return cidrs.empty() && chosen.empty(); }
};

// Who a group is in one fleet. Computed once per group, for all its nodes and steps.
struct Membership {
  // For people: a group's own, or what an unnamed set of hosts is made of: "everything outside of london".
  std::string name;
  PrefixSet cidrs;
  // In the fleet's order.
  std::vector<Member> members;
  // The CIDRs and the members' `own`.
  PrefixSet addresses;
  // Addresses of the fleet inside the CIDRs.
  PrefixSet agent_addresses;
  // Whether the CIDRs hold any other address: a host without an agent may be there.
  bool beyond_agents = false;
};

// What the group names by itself: CIDRs, nodes, labels; not by other groups, and nothing taken away. Names (not globs)
// that no node has are added to `absent_names`.
Selection Select(const Group& group, const NodeIndex& fleet, std::vector<std::string>& absent_names);

// Finds the members: chosen nodes, and nodes with an address inside the CIDRs.
Membership MembershipOf(std::string name, const Selection& selection, const NodeIndex& fleet);

// What is left of `whole` without `part`, as sets of hosts: its addresses without those of `part` and without every
// address of a node of `part`'s own, and of the nodes chosen those that are no members of `part`. So a node is in only
// one of "london - lab" and "lab", whichever of its addresses made it a member of either.
Selection Without(const Selection& whole, const Membership& part, const NodeIndex& fleet);

// The members, by their places in `of.members`, that have an address of their own in it: only those can be told from
// the others.
std::vector<std::size_t> Drawable(const Membership& of, const NodeIndex& fleet);

// Some of those as a selection of their own: each with those of its own addresses that are in `of`, so that hosts
// without an agent are in none.
Selection PartOf(const Membership& of, const std::vector<std::size_t>& places, const NodeIndex& fleet);

// All the world outside of a membership, in the families that it has.
Selection Outside(const Membership& membership);

// What two groups have in common, as text ("node 'lon-1'", "172.32.0.0/20"); nothing when they share no address.
std::optional<std::string> SharedPart(const Membership& a, const Membership& b, const NodeIndex& fleet);

}  // namespace faultline
