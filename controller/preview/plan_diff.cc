#include "controller/preview/plan_diff.h"

#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/duration.h"
#include "common/ratio.h"
#include "controller/preview/plan_words.h"

namespace faultline {
namespace {

// A part of a plan: what it is called, what is said of it, and what it is.
template <typename T>
struct Part {
  std::string name;
  std::string words;
  T value;
};
template <typename T>
using Parts = std::vector<Part<T>>;

// Without its place in the text.
template <typename T>
T Placeless(T part) {
  part.position = SourcePosition();
  return part;
}

Group PlacelessGroup(Group group) {
  for (DnsName& name : group.dns) name = Placeless(name);
  return Placeless(std::move(group));
}

std::string LossName(ControllerLoss loss) { return loss == ControllerLoss::kHeal ? "heal" : "continue"; }

// Parts of the header are what their words say.
Parts<std::string> HeaderOf(const Plan& plan) {
  Parts<std::string> parts;
  const auto add = [&parts](const char* name, const std::string& words) { parts.push_back({name, words, words}); };
  add("name", plan.name);
  add("description", plan.description);
  add("seed", absl::StrCat(plan.seed));
  add("on_controller_loss", LossName(plan.on_controller_loss));
  if (plan.wait_verified) add("wait_verified", FormatDuration(*plan.wait_verified));
  add("warmup", FormatDuration(plan.warmup));
  add("cooldown", FormatDuration(plan.cooldown));
  if (plan.length) add("length", FormatDuration(*plan.length));
  if (!plan.env.empty()) add("env", plan.env);
  if (plan.max_nodes) add("max_nodes", absl::StrCat(*plan.max_nodes));
  if (plan.max_share) add("max_share", FormatRatio(*plan.max_share));
  return parts;
}

Parts<Group> GroupsOf(const Plan& plan) {
  Parts<Group> parts;
  for (const auto& [name, group] : plan.groups) parts.push_back({name, DescribeGroup(group), PlacelessGroup(group)});
  return parts;
}

Parts<PlanStep> StepsOf(const Plan& plan) {
  Parts<PlanStep> parts;
  for (const PlanStep& step : plan.steps) parts.push_back({step.name, DescribePlanStep(step), Placeless(step)});
  return parts;
}

Parts<Expectation> ExpectationsOf(const Plan& plan) {
  Parts<Expectation> parts;
  for (const Expectation& one : plan.expectations) parts.push_back({one.text, one.text, Placeless(one)});
  return parts;
}

Parts<Guard> GuardsOf(const Plan& plan) {
  Parts<Guard> parts;
  for (const Guard& guard : plan.guards) parts.push_back({guard.name, DescribeGuard(guard), Placeless(guard)});
  return parts;
}

Parts<Observation> ObservationsOf(const Plan& plan) {
  Parts<Observation> parts;
  for (const Observation& one : plan.observations)
    parts.push_back({one.name, DescribeObservation(one), Placeless(one)});
  return parts;
}

// The parts by their names; of several of one name the second is "name (2)".
template <typename T>
std::map<std::string, const Part<T>*> ByName(Parts<T>& parts) {
  std::map<std::string, const Part<T>*> by_name;
  for (Part<T>& part : parts) {
    const std::string name = part.name;
    for (int number = 2; !by_name.emplace(part.name, &part).second; ++number) {
      part.name = absl::StrCat(name, " (", number, ")");
    }
  }
  return by_name;
}

std::string LineOf(char sign, absl::string_view kind, const std::string& name, const std::string& words) {
  return absl::StrCat(std::string(1, sign), " ", kind, kind.empty() ? "" : " ", name, name == words ? "" : ": ",
                      name == words ? "" : words, "\n");
}

// Names of the parts that `others` has too, in their order.
template <typename T>
std::string OrderOf(const Parts<T>& parts, const std::map<std::string, const Part<T>*>& others) {
  std::vector<std::string> names;
  for (const Part<T>& part : parts) {
    if (others.contains(part.name)) names.push_back(part.name);
  }
  return absl::StrJoin(names, ", ");
}

template <typename T>
std::string DiffParts(absl::string_view kind, Parts<T> a, Parts<T> b) {
  const std::map<std::string, const Part<T>*> of_a = ByName(a);
  const std::map<std::string, const Part<T>*> of_b = ByName(b);
  std::string text;
  for (const Part<T>& part : a) {
    const auto other = of_b.find(part.name);
    if (other != of_b.end() && other->second->value == part.value) continue;
    absl::StrAppend(&text, LineOf('-', kind, part.name, part.words));
    if (other == of_b.end()) continue;
    const bool told = other->second->words != part.words;
    absl::StrAppend(&text,
                    LineOf('+', kind, part.name,
                           absl::StrCat(other->second->words, told ? "" : " (it differs, in what is not told)")));
  }
  for (const Part<T>& part : b) {
    if (!of_a.contains(part.name)) absl::StrAppend(&text, LineOf('+', kind, part.name, part.words));
  }
  const std::string order_a = OrderOf(a, of_b);
  const std::string order_b = OrderOf(b, of_a);
  if (order_a == order_b) return text;
  const std::string name = absl::StrCat("order of ", kind);
  return absl::StrCat(text, LineOf('-', "", name, order_a), LineOf('+', "", name, order_b));
}

}  // namespace

std::string DiffPlans(const Plan& a, const Plan& b) {
  return absl::StrCat(
      DiffParts("", HeaderOf(a), HeaderOf(b)), DiffParts("group", GroupsOf(a), GroupsOf(b)),
      DiffParts("step", StepsOf(a), StepsOf(b)), DiffParts("expect", ExpectationsOf(a), ExpectationsOf(b)),
      DiffParts("guard", GuardsOf(a), GuardsOf(b)), DiffParts("observe", ObservationsOf(a), ObservationsOf(b)));
}

}  // namespace faultline
