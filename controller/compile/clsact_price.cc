#include "controller/compile/clsact_price.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "controller/compile/lack.h"

namespace faultline {
namespace {

// What is rejected takes no hook of an interface.
bool ActsAtSender(const Step& step) {
  return !std::holds_alternative<Reject>(step.effect) &&
         std::any_of(step.rules.begin(), step.rules.end(), [](const Rule& rule) { return rule.side == Side::kSender; });
}

}  // namespace

std::string ClsactPrice(const std::vector<Timeline>& timelines, const NodeIndex& fleet) {
  std::vector<std::string> names;
  for (const Timeline& timeline : timelines) {
    const auto node = fleet.Find(timeline.node.text());
    if (!node || SenderHook(fleet.nodes()[*node].has) != Capability::kEgressClsact) continue;
    if (std::any_of(timeline.steps.begin(), timeline.steps.end(), ActsAtSender)) names.push_back(timeline.node.text());
  }
  if (names.empty()) return "";
  return absl::StrCat(
      names.size() == 1 ? "node " : "nodes ", NameSome(names), names.size() == 1 ? " acts" : " act",
      " on what is sent by clsact, the kernel having no egress hook: arming and ending the run stop the "
      "interfaces for a moment, and a few other packets may be lost");
}

}  // namespace faultline
