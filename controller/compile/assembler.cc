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

Assembler::Assembler(const Plan& plan, const NodeIndex& fleet, const Timeline& blank)
    : places_(plan.steps.size()), timelines_(fleet.nodes().size(), blank), set_indices_(fleet.nodes().size()) {
  std::vector<Step> steps;
  for (const std::size_t position : OrderOf(plan.steps)) {
    const PlanStep& step = plan.steps[position];
    places_[position] = steps.size();
    steps.push_back({static_cast<StepIndex>(position), step.name, step.at, step.length, {}});
  }
  for (std::size_t i = 0; i < timelines_.size(); ++i) {
    timelines_[i].node = fleet.nodes()[i].name;
    timelines_[i].steps = steps;
  }
}

void Assembler::Add(std::size_t plan_step, const Edge& edge, const Enforcement& enforcement) {
  auto numbered = numbered_.find(edge);
  if (numbered == numbered_.end()) numbered = numbered_.emplace(edge, Number(enforcement)).first;
  for (const NodeBlock& one : numbered->second) {
    timelines_[one.node].steps[places_[plan_step]].blocks.push_back(one.block);
  }
  blocks_ += numbered->second.size();
}

std::vector<Assembler::NodeBlock> Assembler::Number(const Enforcement& enforcement) {
  std::vector<NodeBlock> numbered;
  numbered.reserve(enforcement.rules.size());
  for (const NodeRule& rule : enforcement.rules) {
    Block block;
    block.hook = rule.hook;
    block.match.sources = IndexOf(rule.node, rule.sources);
    block.match.destinations = IndexOf(rule.node, rule.destinations);
    if (!rule.except_destinations.empty()) {
      block.match.except_destinations = IndexOf(rule.node, rule.except_destinations);
    }
    numbered.push_back({rule.node, block});
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
