#include "controller/policy/rule_check.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "common/duration.h"
#include "controller/compile/glob.h"

namespace faultline {
namespace {

constexpr char kEnvLabel[] = "env";

bool AnyMatches(const std::vector<std::string>& patterns, absl::string_view text) {
  return std::ranges::any_of(patterns, [text](const std::string& pattern) { return GlobMatches(pattern, text); });
}

template <typename Values>
bool Has(const Values& values, const typename Values::value_type& value) {
  return std::ranges::find(values, value) != values.end();
}

std::string LabelOf(const InventoryNode& node, const std::string& label) {
  const auto found = node.labels.find(label);
  return found == node.labels.end() ? "" : found->second;
}

std::string List(const std::vector<std::string>& words) { return absl::StrJoin(words, ", "); }

std::string Says(const InventoryNode& node, const std::string& label) {
  const std::string value = LabelOf(node, label);
  return value.empty() ? absl::StrCat(node.name.text(), " has none")
                       : absl::StrCat(node.name.text(), " has ", label, "=", value);
}

// "Sat 10:12".
std::string ClockOf(WallTime time, const absl::TimeZone& zone) {
  return absl::FormatTime("%a %H:%M", absl::FromUnixNanos(time.time_since_epoch().count()), zone);
}

}  // namespace

RuleCheck::RuleCheck(const PolicyRule& rule, const Principal& who, const PlanFacts& facts, WallTime now)
    : rule_(rule), who_(who), facts_(facts), now_(now) {
  const bool allows = rule_.kind == PolicyRule::Kind::kAllow;
  for (const InventoryNode& node : facts_.nodes) nodes_.push_back(NodeObjection(node).empty());
  for (const FaultFacts& fault : facts_.faults) {
    faults_.push_back(allows ? FaultObjection(fault).empty() : SpeaksOf(fault));
  }
  if (allows) plan_objections_ = PlanObjections();
}

bool RuleCheck::Allows(const Target& target) const {
  return plan_objections_.empty() && faults_[target.fault] && (!target.node || nodes_[*target.node]);
}

std::vector<std::string> RuleCheck::Objections(const Target& target) const {
  std::vector<std::string> objections = plan_objections_;
  if (!faults_[target.fault]) objections.push_back(FaultObjection(facts_.faults[target.fault]));
  if (target.node && !nodes_[*target.node]) objections.push_back(NodeObjection(facts_.nodes[*target.node]));
  return objections;
}

std::optional<Target> RuleCheck::Speaks() const {
  if (!SpeaksOfNow()) return std::nullopt;
  const bool of_every_node = rule_.envs.empty() && rule_.labels.empty();
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    if (!faults_[i]) continue;
    const std::vector<std::size_t>& targets = facts_.faults[i].targets;
    const auto target = std::ranges::find_if(targets, [this](std::size_t node) { return nodes_[node]; });
    if (target != targets.end()) return Target{i, *target};
    if (targets.empty() && of_every_node) return Target{i, std::nullopt};
  }
  return std::nullopt;
}

std::vector<std::string> RuleCheck::PlanObjections() const {
  std::vector<std::string> objections;
  if (!rule_.roles.empty() && !Has(rule_.roles, who_.role)) {
    std::vector<std::string> roles;
    for (const Role role : rule_.roles) roles.emplace_back(NameOf(role));
    objections.push_back(absl::StrCat("for the role ", List(roles), ", '", who_.name, "' is ", NameOf(who_.role)));
  }
  if (!rule_.users.empty() && !Has(rule_.users, who_.name)) {
    objections.push_back(absl::StrCat("for ", List(rule_.users), ", not for '", who_.name, "'"));
  }
  if (rule_.hours && !rule_.hours->Cover(now_, now_ + facts_.length)) {
    objections.push_back(absl::StrCat("only ", rule_.hours->ToString(), ", the plan would take from ",
                                      ClockOf(now_, rule_.hours->zone), " to ",
                                      ClockOf(now_ + facts_.length, rule_.hours->zone), " there"));
  }
  if (rule_.max_duration && facts_.length > *rule_.max_duration) {
    objections.push_back(absl::StrCat("at most ", FormatDuration(*rule_.max_duration), ", the plan takes ",
                                      FormatDuration(facts_.length)));
  }
  CheckShare(objections);
  return objections;
}

void RuleCheck::CheckShare(std::vector<std::string>& objections) const {
  if (!rule_.max_share) return;
  std::vector<bool> touched(nodes_.size(), false);
  for (const FaultFacts& fault : facts_.faults) {
    for (const std::size_t node : fault.targets) touched[node] = nodes_[node];
  }
  const auto acts_on = static_cast<std::uint64_t>(std::ranges::count(touched, true));
  const auto all = static_cast<std::uint64_t>(std::ranges::count(nodes_, true));
  // In whole parts per billion, so that 3 of 10 are not more than 30%.
  if (acts_on * Ratio::kOne <= all * rule_.max_share->parts_per_billion()) return;
  objections.push_back(absl::StrCat("at most ", FormatRatio(*rule_.max_share), " of its ", all,
                                    all == 1 ? " node" : " nodes", ", the plan acts on ", acts_on));
}

std::string RuleCheck::FaultObjection(const FaultFacts& fault) const {
  const std::string step = absl::StrCat(" (step '", fault.step, "')");
  if (!rule_.faults.empty()) {
    for (const FaultKind kind : fault.kinds) {
      if (Has(rule_.faults, kind)) continue;
      std::vector<std::string> names;
      for (const FaultKind allowed : rule_.faults) {
        names.push_back(FaultKindNames()[static_cast<std::size_t>(allowed)]);
      }
      return absl::StrCat("only the faults ", List(names), ", not ", FaultKindNames()[static_cast<std::size_t>(kind)],
                          step);
    }
  }
  for (const std::string& group : fault.groups) {
    if (rule_.groups.empty() || AnyMatches(rule_.groups, group)) continue;
    return absl::StrCat("only the groups ", List(rule_.groups), ", not '", group, "'", step);
  }
  const PrefixSet beyond = rule_.cidrs.empty() ? PrefixSet() : fault.cidrs.Subtract(rule_.cidrs);
  if (beyond.empty()) return "";
  return absl::StrCat("only addresses of ", rule_.cidrs.ToString(), ", not ", beyond.ToString(3), step);
}

std::string RuleCheck::NodeObjection(const InventoryNode& node) const {
  if (!rule_.envs.empty() && !AnyMatches(rule_.envs, LabelOf(node, kEnvLabel))) {
    return absl::StrCat("only the env ", List(rule_.envs), ", ", Says(node, kEnvLabel));
  }
  for (const auto& [label, values] : rule_.labels) {
    if (AnyMatches(values, LabelOf(node, label))) continue;
    return absl::StrCat("only the ", label, " ", List(values), ", ", Says(node, label));
  }
  return "";
}

bool RuleCheck::SpeaksOfNow() const {
  return (rule_.roles.empty() || Has(rule_.roles, who_.role)) && (rule_.users.empty() || Has(rule_.users, who_.name)) &&
         (!rule_.hours || rule_.hours->Meet(now_, now_ + facts_.length));
}

bool RuleCheck::SpeaksOf(const FaultFacts& fault) const {
  const bool kind = rule_.faults.empty() ||
                    std::ranges::any_of(fault.kinds, [this](FaultKind one) { return Has(rule_.faults, one); });
  const bool group = rule_.groups.empty() || std::ranges::any_of(fault.groups, [this](const std::string& name) {
                       return AnyMatches(rule_.groups, name);
                     });
  return kind && group && (rule_.cidrs.empty() || rule_.cidrs.Overlaps(fault.cidrs));
}

}  // namespace faultline
