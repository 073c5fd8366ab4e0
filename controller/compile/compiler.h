#pragma once

#include <string>
#include <vector>

#include "common/document/text_error.h"
#include "common/timeline.h"
#include "controller/compile/drain.h"
#include "controller/compile/inventory.h"
#include "controller/plan/plan.h"

namespace faultline {

// What every run of a controller has in common.
struct CompileOptions {
  RunId run;
  Duration lease = kDefaultLease;
  // Observation after the last step ends. Packets that still wait in an impairment's lane then may make it longer, by
  // at most kMostDrain.
  Duration cooldown = std::chrono::seconds(3);
};

struct Compiled {
  // One per inventory node, by name; nodes without a part have steps without rules (they still observe).
  std::vector<Timeline> timelines;
  // What the reader should know.
  std::vector<std::string> warnings;
  // Empty when the plan can be run; else the timelines are empty.
  std::vector<TextError> errors;
};

// Turns a plan into what each node does. Pure and deterministic: equal plan, inventory and options give equal
// results. How an edge "from A to B" is enforced:
//  * as packets enter every member of B: source in A's addresses, destination in B's CIDRs or, for a member chosen by
//    name or label, among its own addresses;
//  * towards B's CIDRs, as packets leave every member of A, except the addresses of nodes that have an agent (those
//    act by themselves), when that leaves anything;
// where a group's addresses are its CIDRs and all addresses of members chosen by name or label. An address that several
// nodes hold (a container bridge's, say) identifies none of them and counts as no node's own; a warning says so. A
// node's own packets to itself never pass an interface, so no fault is between a node and itself.
//
// What a step needs of a node's kernel is asked of Missing and Impossible: a receiver that cannot do it is an error; a
// sender that cannot is one only when no receiver has an agent, else a warning that packets to hosts without one stay
// as they are.
//
// Errors stand at the step or the group and name both: a group without CIDRs and connected members, overlapping groups
// in one step, an edge with no agent on either side, a node that cannot do what the step needs (and how it could), a
// plan of more than 1 000 000 edges or 10 000 000 rules. Options or node names that no agent would accept are errors
// without a position.
Compiled CompilePlan(const Plan& plan, const Inventory& inventory, const CompileOptions& options);

}  // namespace faultline
