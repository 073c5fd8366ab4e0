#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/document/text_error.h"
#include "controller/compile/enforcement.h"
#include "controller/compile/membership.h"
#include "controller/compile/node_index.h"
#include "controller/plan/plan.h"

namespace faultline {

// The nodes whose traffic a plan's faults concern, gathered fault by fault: every member of either end of an edge on
// which something is enforced, whichever side enforces it, and every node that has a rule. Of a group cut off from all
// the world only the group's members: else all of the fleet would be touched, always.
class TouchedNodes {
 public:
  // By places in the fleet.
  explicit TouchedNodes(std::size_t nodes) : touched_(nodes, false) {}

  void Add(const Membership& end);
  void Add(const Enforcement& enforcement);
  // In the fleet's order.
  std::vector<std::size_t> Take() const;

 private:
  std::vector<bool> touched_;
};

// Holds the plan to what it says of the nodes it may touch: `env`, `max_nodes`, `max_share`. Errors have no position.
// A plan without `env` that touches nodes labelled env=production (or prod) is worth a warning.
void CheckLimits(const Plan& plan, const NodeIndex& fleet, const std::vector<std::size_t>& touched, TextErrors& errors,
                 std::vector<std::string>& warnings);

}  // namespace faultline
