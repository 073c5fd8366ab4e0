#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/document/text_error.h"
#include "common/timeline.h"
#include "controller/compile/drain.h"
#include "controller/compile/inventory.h"
#include "controller/compile/resolved_group.h"
#include "controller/plan/plan.h"

namespace faultline {

// What every run of a controller has in common.
struct CompileOptions {
  RunId run;
  Duration lease = kDefaultLease;
  // Under which agents know the controller; empty: not known. Only warnings hang on them.
  std::vector<IpAddress> controller_addresses;
};

struct Compiled {
  // One per inventory node, by name; nodes without a part have steps without rules (they still observe).
  std::vector<Timeline> timelines;
  // Every group of the plan by name (kEveryNode where the plan speaks of it), then every part that a shape drew, by
  // step. Also when there are errors, as far as they are known.
  std::vector<ResolvedGroup> groups;
  // Every draw in words, of groups and then of shapes: "split: lon-1, par-2 | lon-2, par-1".
  std::vector<std::string> drawn;
  // What the reader should know.
  std::vector<std::string> warnings;
  // What a reader who looks closely may want to know; no reason to worry.
  std::vector<std::string> notes;
  // Of each step of the plan, by its place: whom its fault acts on, as TouchedNodes has it, by places in the inventory.
  std::vector<std::vector<std::size_t>> targets;
  // Empty when the plan can be run; else the timelines and targets are empty.
  std::vector<TextError> errors;
};

// Turns a plan into what each node does. Pure and deterministic: equal plan, inventory and options give equal
// results. How an edge "from A to B" is enforced:
//  * as packets enter every member of B: source in A's addresses, destination in B's CIDRs or, for a member chosen by
//    name or label, among its own addresses;
//  * towards B's CIDRs, as packets leave every member of A, except the addresses of nodes that have an agent (those
//    act by themselves), when that leaves anything;
// where a group's addresses are its CIDRs and all addresses of members chosen by name or label (by lot: those that the
// node has in the group drawn from). An address that several
// nodes hold (a container bridge's, say) identifies none of them and counts as no node's own; a warning says so. A
// node's own packets to itself never pass an interface, so no fault is between a node and itself.
//
// Of a group cut off from all the world, what its members send is acted on as it leaves them, when all of them can do
// that and the group holds no host without an agent: else every node of the fleet would have a part in it. Members of a
// Shape are the group's nodes; hosts without an agent are left alone. Groups are made as ResolveGroups says.
//
// The run lasts until the plan's cooldown after the last step, or for the plan's length, and longer, by at most
// kMostDrain, while packets wait in an impairment's lane.
//
// A plan that waits for its stages to be verified has a hold at each of HoldsOf, and cannot continue without its
// controller.
//
// A plan acts on the nodes that TouchedNodes gathers: members of either end of its faults, whether their own agent
// enforces them or another does. These are the nodes that must have the plan's env, and that max_nodes and max_share
// count. The share is of the nodes in the inventory.
//
// What a step needs of a node's kernel is asked of Missing and Impossible: a receiver that cannot do it is an error; a
// sender that cannot is one only when no receiver has an agent, else a warning that packets to hosts without one stay
// as they are.
//
// Errors stand at the step or the group and name both: a group without CIDRs and connected members, overlapping groups
// in one step, a shape of too few nodes, an edge with no agent on either side, a node that cannot do what the step
// needs (and how it could), a plan of more than 1 000 000 edges or 10 000 000 rules. Options or node names that no
// agent would accept, and nodes that the plan itself says it must not act on, are errors without a position.
Compiled CompilePlan(const Plan& plan, const Inventory& inventory, const CompileOptions& options);

// A group or a drawn part by its name; null: there is none. Lives as long as `compiled`.
const ResolvedGroup* MembersOf(const Compiled& compiled, absl::string_view name);

// Every pair of different nodes, the first of group `from`, the second of `to`; none when there is no such group.
std::vector<std::pair<NodeName, NodeName>> NodePairs(const Compiled& compiled, absl::string_view from,
                                                     absl::string_view to);

}  // namespace faultline
