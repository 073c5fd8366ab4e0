#pragma once

#include <cstdint>
#include <string>

#include "common/clock.h"
#include "controller/access/principal.h"
#include "controller/policy/plan_facts.h"
#include "controller/policy/policy.h"

namespace faultline {

// Whether somebody may run a plan.
struct Decision {
  enum class Kind : std::uint8_t {
    kAllowed,
    // If a second person agrees.
    kNeedsApproval,
    kRefused,
  };
  Kind kind = Kind::kAllowed;
  // Of the last two one line, with the rule's place in its file and what would have to change: "refused by
  // policy.yaml:7: at most 10m, the plan takes 12m".
  std::string reason;
};

// What the policy says of a plan that begins now. A rule that denies decides as soon as it speaks of any fault on any
// node. Else every fault on every node it acts on must be allowed by one rule or another; then a rule that asks for
// approval needs to speak of only one of them. Roles exempt nobody. Pure; time in proportion to rules, steps and nodes.
Decision Decide(const Policy& policy, const Principal& who, const PlanFacts& facts, WallTime now);

}  // namespace faultline
