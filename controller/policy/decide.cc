#include "controller/policy/decide.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/policy/rule_check.h"

namespace faultline {
namespace {

using Kind = PolicyRule::Kind;

class Decider {
 public:
  Decider(const Policy& policy, const Principal& who, const PlanFacts& facts, WallTime now)
      : policy_(policy), facts_(facts) {
    for (const PolicyRule& rule : policy.rules) checks_.emplace_back(rule, who, facts, now);
  }

  Decision Decide() const {
    if (const std::string denied = WhatIs(Kind::kDeny, "denies"); !denied.empty()) {
      return {.kind = Decision::Kind::kRefused, .reason = absl::StrCat("refused by ", denied)};
    }
    if (const std::string refused = NotAllowed(); !refused.empty()) {
      return {.kind = Decision::Kind::kRefused, .reason = refused};
    }
    if (const std::string asked = WhatIs(Kind::kApprove, "wants a second person for"); !asked.empty()) {
      return {.kind = Decision::Kind::kNeedsApproval, .reason = asked};
    }
    return {};
  }

 private:
  std::string PlaceOf(const PolicyRule& rule) const { return absl::StrCat(policy_.file_name, ":", rule.position.line); }

  std::string Words(const Target& target) const {
    const std::string step = absl::StrCat("step '", facts_.faults[target.fault].step, "'");
    return target.node ? absl::StrCat(step, " on ", facts_.nodes[*target.node].name.text()) : step;
  }

  // The first rule of this kind that speaks of the plan: "policy.yaml:3: it denies step 'split' on lon-1: ask the
  // on-call". Empty: none.
  std::string WhatIs(Kind kind, absl::string_view does) const {
    for (const RuleCheck& check : checks_) {
      if (check.rule().kind != kind) continue;
      const std::optional<Target> target = check.Speaks();
      if (!target) continue;
      return absl::StrCat(PlaceOf(check.rule()), ": it ", does, " ", Words(*target),
                          check.rule().reason.empty() ? "" : ": ", check.rule().reason);
    }
    return "";
  }

  // Of the first fault on a node that no rule allows; empty: there is none.
  std::string NotAllowed() const {
    for (std::size_t i = 0; i < facts_.faults.size(); ++i) {
      std::vector<Target> targets;
      for (const std::size_t node : facts_.faults[i].targets) targets.push_back({i, node});
      if (targets.empty()) targets.push_back({i, std::nullopt});
      for (const Target& target : targets) {
        if (std::ranges::none_of(checks_, [&](const RuleCheck& check) { return Allows(check, target); })) {
          return WhyNot(target);
        }
      }
    }
    return "";
  }

  static bool Allows(const RuleCheck& check, const Target& target) {
    return check.rule().kind == Kind::kAllow && check.Allows(target);
  }

  // By the rule that objects to the fewest things.
  std::string WhyNot(const Target& target) const {
    const RuleCheck* nearest = nullptr;
    std::vector<std::string> objections;
    int rules = 0;
    for (const RuleCheck& check : checks_) {
      if (check.rule().kind != Kind::kAllow) continue;
      ++rules;
      std::vector<std::string> these = check.Objections(target);
      if (nearest != nullptr && these.size() >= objections.size()) continue;
      nearest = &check;
      objections = std::move(these);
    }
    if (nearest == nullptr) return absl::StrCat("refused by ", policy_.file_name, ": it has no rule that allows");
    return absl::StrCat("refused by ", PlaceOf(nearest->rule()), ": ", absl::StrJoin(objections, "; "),
                        rules == 1 ? "" : absl::StrCat(" (the nearest of ", rules, " rules that allow)"));
  }

  const Policy& policy_;
  const PlanFacts& facts_;
  std::vector<RuleCheck> checks_;
};

}  // namespace

Decision Decide(const Policy& policy, const Principal& who, const PlanFacts& facts, WallTime now) {
  return Decider(policy, who, facts, now).Decide();
}

}  // namespace faultline
