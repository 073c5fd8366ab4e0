#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/plan/plan.h"
#include "tests/unit/compile/fleet_builder.h"

namespace faultline::testing_support {

// Plans without a text: each group stands on a line of its own from 3 on, each step from 20 on.
class PlanBuilder {
 public:
  explicit PlanBuilder(std::uint64_t seed = 7) {
    plan_.name = "p";
    plan_.seed = seed;
  }

  PlanBuilder& Add(const std::string& name, Group group) {
    group.name = name;
    group.position = {static_cast<int>(plan_.groups.size()) + 3, 3};
    plan_.groups[name] = std::move(group);
    return *this;
  }
  PlanBuilder& Nodes(const std::string& name, std::vector<std::string> nodes) {
    Group group;
    group.nodes = std::move(nodes);
    return Add(name, group);
  }
  PlanBuilder& Cidrs(const std::string& name, const std::vector<std::string>& cidrs) {
    Group group;
    group.cidrs = Set(cidrs);
    return Add(name, group);
  }
  PlanBuilder& Made(const std::string& name, std::vector<std::string> all, std::vector<std::string> except) {
    Group group;
    group.all = std::move(all);
    group.except = std::move(except);
    return Add(name, group);
  }
  PlanBuilder& Drawn(const std::string& name, Draw draw) {
    Group group;
    group.draw = std::move(draw);
    return Add(name, group);
  }
  // Steps follow each other, 10 s each.
  PlanBuilder& Step(const std::string& name, Ends ends) {
    PlanStep step;
    step.name = name;
    step.position = {static_cast<int>(plan_.steps.size()) + 20, 5};
    step.at = std::chrono::seconds(10) * plan_.steps.size();
    step.length = std::chrono::seconds(10);
    step.ends = std::move(ends);
    plan_.steps.push_back(std::move(step));
    return *this;
  }

  Plan& plan() { return plan_; }
  Compiled Compile(const Inventory& inventory) const { return CompilePlan(plan_, inventory, Options()); }
  std::vector<std::string> ErrorsIn(const Inventory& inventory) const {
    std::vector<std::string> texts;
    for (const TextError& error : Compile(inventory).errors) texts.push_back(error.ToString("p"));
    return texts;
  }

 private:
  Plan plan_;
};

// Nodes "n01", "n02", … with 10.0.0.1 and fd00::1, 10.0.0.2 and fd00::2, ….
inline Inventory FleetOf(int nodes) {
  Inventory inventory;
  for (int i = 1; i <= nodes; ++i) {
    inventory.nodes.push_back(Node(absl::StrCat("n", i < 10 ? "0" : "", i),
                                   {absl::StrCat("10.0.", i / 256, ".", i % 256), absl::StrCat("fd00::", i)}));
  }
  return inventory;
}

}  // namespace faultline::testing_support
