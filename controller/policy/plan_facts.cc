#include "controller/policy/plan_facts.h"

#include <algorithm>

#include "controller/compile/ends.h"

namespace faultline {
namespace {

PrefixSet CidrsOf(const PlanStep& step, const Compiled& compiled) {
  const auto* isolate = std::get_if<Isolate>(&step.ends);
  if (isolate != nullptr && !isolate->from) return PrefixSet().Complement();
  PrefixSet cidrs;
  for (const std::string& name : GroupsOf(step.ends)) {
    const ResolvedGroup* group = MembersOf(compiled, name);
    if (group != nullptr) cidrs = cidrs.Union(group->cidrs);
  }
  return cidrs;
}

Duration LengthOf(const Plan& plan, const Compiled& compiled) {
  if (plan.steps.empty()) return Duration(0);
  Duration first = plan.steps.front().at;
  Duration last(0);
  for (const PlanStep& step : plan.steps) {
    first = std::min(first, step.at);
    last = std::max(last, step.at + step.length);
  }
  const auto holds = static_cast<int>(compiled.timelines.front().holds.size());
  return last - first + holds * plan.wait_verified.value_or(Duration(0));
}

}  // namespace

PlanFacts FactsOf(const Plan& plan, const Compiled& compiled, const Inventory& inventory) {
  PlanFacts facts{.faults = {}, .nodes = inventory.nodes, .length = LengthOf(plan, compiled)};
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const PlanStep& step = plan.steps[i];
    facts.faults.push_back({.step = step.name,
                            .kinds = KindsOf(step),
                            .groups = GroupsOf(step.ends),
                            .cidrs = CidrsOf(step, compiled),
                            .targets = compiled.targets[i]});
  }
  return facts;
}

}  // namespace faultline
