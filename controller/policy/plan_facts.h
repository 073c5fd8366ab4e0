#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/prefix_set.h"
#include "controller/compile/compiler.h"
#include "controller/compile/inventory.h"
#include "controller/plan/plan.h"
#include "controller/policy/fault_kind.h"

namespace faultline {

// What a policy asks of one step.
struct FaultFacts {
  std::string step;
  std::vector<FaultKind> kinds;
  // The groups it names, and the addresses by which the plan says who they are; all there are when a group is cut off
  // from all the world.
  std::vector<std::string> groups;
  PrefixSet cidrs;
  // Whom it acts on, by places among the nodes.
  std::vector<std::size_t> targets;
};

// What a policy asks of a plan that was compiled for a fleet. A value.
struct PlanFacts {
  std::vector<FaultFacts> faults;
  // The fleet; lives elsewhere.
  std::span<const InventoryNode> nodes;
  // From where the first fault may begin to where the last may end, with all the patience of `wait_verified`.
  Duration length{0};
};

// REQUIRES: the plan was compiled for this inventory, which outlives the result, without errors.
PlanFacts FactsOf(const Plan& plan, const Compiled& compiled, const Inventory& inventory);

}  // namespace faultline
