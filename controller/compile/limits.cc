#include "controller/compile/limits.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/ratio.h"
#include "controller/compile/lack.h"

namespace faultline {
namespace {

constexpr char kEnvLabel[] = "env";

// Empty: the node has no such label.
std::string EnvOf(const InventoryNode& node) {
  const auto label = node.labels.find(kEnvLabel);
  return label == node.labels.end() ? "" : label->second;
}

void CheckEnv(const Plan& plan, const NodeIndex& fleet, const std::vector<std::size_t>& touched, TextErrors& errors) {
  std::vector<std::string> others;
  for (const std::size_t node : touched) {
    const std::string env = EnvOf(fleet.nodes()[node]);
    if (env == plan.env) continue;
    others.push_back(absl::StrCat(fleet.names()[node], " (", env.empty() ? "no env" : absl::StrCat("env=", env), ")"));
  }
  if (others.empty()) return;
  errors.Add(SourcePosition(), absl::StrCat("the plan is for env ", plan.env, ", but it acts on ", NameSome(others),
                                            "; change its groups, its 'env' or the label on these nodes"));
}

void WarnOfProduction(const NodeIndex& fleet, const std::vector<std::size_t>& touched,
                      std::vector<std::string>& warnings) {
  std::vector<std::string> production;
  std::string first;
  for (const std::size_t node : touched) {
    const std::string env = EnvOf(fleet.nodes()[node]);
    const std::string lower = absl::AsciiStrToLower(env);
    if (lower != "production" && lower != "prod") continue;
    if (first.empty()) first = env;
    production.push_back(fleet.names()[node]);
  }
  if (production.empty()) return;
  warnings.push_back(absl::StrCat("the plan acts on nodes of production: ", NameSome(production),
                                  "; write 'env: ", first, "' in it if that is meant"));
}

std::string HowMany(const NodeIndex& fleet, const std::vector<std::size_t>& touched) {
  std::vector<std::string> names;
  for (const std::size_t node : touched) names.push_back(fleet.names()[node]);
  const std::size_t all = fleet.nodes().size();
  return absl::StrCat("the plan acts on ", names.size(), " of ", all, all == 1 ? " node (" : " nodes (",
                      NameSome(names), ")");
}

}  // namespace

void TouchedNodes::Add(const Membership& end) {
  for (const Member& member : end.members) touched_[member.node] = true;
}

void TouchedNodes::Add(const Enforcement& enforcement) {
  for (const NodeRule& rule : enforcement.rules) touched_[rule.node] = true;
}

std::vector<std::size_t> TouchedNodes::Take() const {
  std::vector<std::size_t> nodes;
  for (std::size_t i = 0; i < touched_.size(); ++i) {
    if (touched_[i]) nodes.push_back(i);
  }
  return nodes;
}

void CheckLimits(const Plan& plan, const NodeIndex& fleet, const std::vector<std::size_t>& touched, TextErrors& errors,
                 std::vector<std::string>& warnings) {
  if (plan.env.empty()) {
    WarnOfProduction(fleet, touched, warnings);
  } else {
    CheckEnv(plan, fleet, touched, errors);
  }
  if (plan.max_nodes && touched.size() > *plan.max_nodes) {
    errors.Add(SourcePosition(), absl::StrCat(HowMany(fleet, touched), ", but 'max_nodes' is ", *plan.max_nodes));
  }
  // In whole parts per billion, so that 3 of 10 are not more than 30%.
  if (plan.max_share && std::uint64_t{touched.size()} * Ratio::kOne >
                            std::uint64_t{fleet.nodes().size()} * plan.max_share->parts_per_billion()) {
    errors.Add(SourcePosition(),
               absl::StrCat(HowMany(fleet, touched), ", but 'max_share' is ", FormatRatio(*plan.max_share)));
  }
}

}  // namespace faultline
