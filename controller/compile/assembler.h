#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "common/prefix_set.h"
#include "common/timeline.h"
#include "controller/compile/enforcement.h"
#include "controller/compile/grudge.h"
#include "controller/compile/node_index.h"
#include "controller/plan/plan.h"

namespace faultline {

// A step of the plan as every node has it, but for its part: rules and spared addresses.
Step BlankStep(const PlanStep& plan_step, StepIndex index);

// An edge, and the number of its enforcement: steps that need different things of the nodes have different ones.
using EnforcementKey = std::pair<Edge, std::size_t>;

// Puts timelines together: every node's steps in order, every prefix set of a timeline stored once and numbered by
// first use, so that equal calls give equal timelines.
class Assembler {
 public:
  // `blank` has all of a timeline but node, steps and sets. `plan` must outlive this.
  Assembler(const Plan& plan, const NodeIndex& fleet, const Timeline& blank);

  // Adds the edge's rules to the step at this position of the plan. The enforcement of a key is read the first time and
  // remembered.
  void Add(std::size_t plan_step, const EnforcementKey& key, const Enforcement& enforcement);
  // How many rules there are, over all nodes.
  std::size_t rules() const { return rules_; }
  // By node name.
  std::vector<Timeline> Take() { return std::move(timelines_); }

 private:
  struct NumberedRule {
    std::size_t node = 0;
    Rule rule;
  };

  std::vector<NumberedRule> Number(const Enforcement& enforcement);
  SetIndex IndexOf(std::size_t node, const PrefixSet& set);

  const Plan& plan_;
  // Where a step of the plan is in every timeline.
  std::vector<std::size_t> places_;
  std::vector<Timeline> timelines_;
  std::vector<std::map<PrefixSet, SetIndex>> set_indices_;
  std::map<EnforcementKey, std::vector<NumberedRule>> numbered_;
  std::size_t rules_ = 0;
};

}  // namespace faultline
