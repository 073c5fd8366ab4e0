#include "controller/policy/plan_facts.h"

#include <algorithm>
#include <set>

#include "absl/strings/string_view.h"
#include "controller/compile/ends.h"

namespace faultline {
namespace {

// The addresses that a group stands for: as it is given, and of those nodes that it has by label or name their own.
PrefixSet AddressesOf(const ResolvedGroup& group, const Inventory& inventory) {
  const std::set<absl::string_view> members(group.nodes.begin(), group.nodes.end());
  std::vector<Prefix> own;
  for (const InventoryNode& node : inventory.nodes) {
    if (!members.contains(node.name.text())) continue;
    const auto given = [&group](const IpAddress& address) { return group.cidrs.Contains(address); };
    if (std::ranges::any_of(node.addresses, given)) continue;
    for (const IpAddress& address : node.addresses) own.emplace_back(address);
  }
  return group.cidrs.Union(PrefixSet(std::move(own)));
}

PrefixSet CidrsOf(const PlanStep& step, const Compiled& compiled, const Inventory& inventory) {
  const auto* isolate = std::get_if<Isolate>(&step.ends);
  if (isolate != nullptr && !isolate->from) return PrefixSet().Complement();
  PrefixSet cidrs;
  for (const std::string& name : GroupsOf(step.ends)) {
    const ResolvedGroup* group = MembersOf(compiled, name);
    if (group != nullptr) cidrs = cidrs.Union(AddressesOf(*group, inventory));
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
                            .cidrs = CidrsOf(step, compiled, inventory),
                            .targets = compiled.targets[i]});
  }
  return facts;
}

}  // namespace faultline
