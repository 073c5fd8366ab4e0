#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "controller/access/principal.h"
#include "controller/policy/plan_facts.h"
#include "controller/policy/policy.h"

namespace faultline {

// A fault on a node, by their places in a plan's facts; no node when the fault acts on none that has an agent.
struct Target {
  std::size_t fault = 0;
  std::optional<std::size_t> node;
};

// One rule beside one plan. The arguments must outlive it.
class RuleCheck {
 public:
  RuleCheck(const PolicyRule& rule, const Principal& who, const PlanFacts& facts, WallTime now);

  const PolicyRule& rule() const { return rule_; }
  // Of a rule that allows: whether it allows this.
  bool Allows(const Target& target) const;
  // If not, why, each with what is allowed: "at most 10m, the plan takes 12m".
  std::vector<std::string> Objections(const Target& target) const;
  // Of any other: the first thing that it speaks of, if there is one.
  std::optional<Target> Speaks() const;

 private:
  // Why the rule does not allow it, for who asks, when, or how much; empty: it does.
  std::vector<std::string> PlanObjections() const;
  void CheckShare(std::vector<std::string>& objections) const;
  // Likewise for the fault, and for the node.
  std::string FaultObjection(const FaultFacts& fault) const;
  std::string NodeObjection(const InventoryNode& node) const;
  // Whether a rule that does not allow speaks of this person, now, and of any part of the fault.
  bool SpeaksOfNow() const;
  bool SpeaksOf(const FaultFacts& fault) const;

  const PolicyRule& rule_;
  const Principal& who_;
  const PlanFacts& facts_;
  const WallTime now_;
  // By place: whether there is no objection.
  std::vector<bool> nodes_;
  std::vector<bool> faults_;
  // Of a rule that allows.
  std::vector<std::string> plan_objections_;
};

}  // namespace faultline
