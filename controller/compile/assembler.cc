#include "controller/compile/assembler.h"

#include <algorithm>
#include <numeric>

namespace faultline {
namespace {

// The plan's steps by start, then by position.
std::vector<std::size_t> OrderOf(const std::vector<PlanStep>& steps) {
  std::vector<std::size_t> order(steps.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return steps[a].at < steps[b].at; });
  return order;
}

}  // namespace

Step BlankStep(const PlanStep& plan_step, StepIndex index) {
  return {.index = index,
          .name = plan_step.name,
          .at = plan_step.at,
          .length = plan_step.length,
          .effect = plan_step.effect,
          .filter = plan_step.filter,
          .flap = plan_step.flap,
          .ramp = plan_step.ramp,
          .rules = {}};
}

Assembler::Assembler(const Plan& plan, const NodeIndex& fleet, const Timeline& blank)
    : plan_(plan),
      places_(plan.steps.size()),
      timelines_(fleet.nodes().size(), blank),
      set_indices_(fleet.nodes().size()) {
  std::vector<Step> steps;
  for (const std::size_t position : OrderOf(plan.steps)) {
    places_[position] = steps.size();
    steps.push_back(BlankStep(plan.steps[position], static_cast<StepIndex>(position)));
  }
  for (std::size_t i = 0; i < timelines_.size(); ++i) {
    timelines_[i].node = fleet.nodes()[i].name;
    timelines_[i].steps = steps;
  }
}

void Assembler::Add(std::size_t plan_step, const EnforcementKey& key, const Enforcement& enforcement) {
  auto numbered = numbered_.find(key);
  if (numbered == numbered_.end()) numbered = numbered_.emplace(key, Number(enforcement)).first;
  const PrefixSet& exclude = plan_.steps[plan_step].exclude;
  for (const NumberedRule& one : numbered->second) {
    Step& step = timelines_[one.node].steps[places_[plan_step]];
    if (step.rules.empty() && !exclude.empty()) step.filter.except_addresses = IndexOf(one.node, exclude);
    step.rules.push_back(one.rule);
  }
  rules_ += numbered->second.size();
}

std::vector<Assembler::NumberedRule> Assembler::Number(const Enforcement& enforcement) {
  std::vector<NumberedRule> numbered;
  numbered.reserve(enforcement.rules.size());
  for (const NodeRule& in : enforcement.rules) {
    Rule rule;
    rule.side = in.side;
    rule.match.sources = IndexOf(in.node, in.sources);
    rule.match.destinations = IndexOf(in.node, in.destinations);
    if (!in.except_destinations.empty()) rule.match.except_destinations = IndexOf(in.node, in.except_destinations);
    numbered.push_back({in.node, rule});
  }
  return numbered;
}

SetIndex Assembler::IndexOf(std::size_t node, const PrefixSet& set) {
  std::vector<PrefixSet>& sets = timelines_[node].prefix_sets;
  const auto [entry, fresh] = set_indices_[node].try_emplace(set, static_cast<SetIndex>(sets.size()));
  if (fresh) sets.push_back(set);
  return entry->second;
}

}  // namespace faultline
