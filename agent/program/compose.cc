#include "agent/program/compose.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace faultline {
namespace {

void AddOnce(std::vector<Match>& matches, const Match& match) {
  if (std::find(matches.begin(), matches.end(), match) == matches.end()) matches.push_back(match);
}

Program::StepRules RulesOf(const Step& step) {
  Program::StepRules rules{.index = step.index};
  for (const Block& block : step.blocks) {
    switch (block.hook) {
      case Hook::kReceiverIngress:
        AddOnce(rules.ingress_drop, block.match);
        break;
      case Hook::kSenderBlackhole:
        AddOnce(rules.egress_blackhole, block.match);
        break;
    }
  }
  return rules;
}

// What the node lacks to carry out these rules; OK when nothing.
absl::Status CheckFacts(const Program::StepRules& rules, const NodeFacts& facts) {
  if (facts.devices.empty()) {
    return absl::FailedPreconditionError(
        "there is no interface to act on: none that is up and has a global address is allowed by "
        "the agent's config");
  }
  if (!rules.ingress_drop.empty() && !facts.netdev_ingress) {
    return absl::FailedPreconditionError(
        "this kernel has no nftables netdev ingress hook: load the module nf_tables, or use a "
        "kernel built with "
        "CONFIG_NETFILTER_INGRESS");
  }
  if (rules.egress_blackhole.empty()) return absl::OkStatus();
  if (!facts.netdev_egress) {
    return absl::FailedPreconditionError(
        "this kernel has no nftables netdev egress hook: use Linux 5.16 or later, or run agents on "
        "the receivers");
  }
  if (!facts.blackhole_lane) {
    return absl::FailedPreconditionError(
        "this kernel cannot make an ifb device with a blackhole qdisc: install the package that "
        "has the module ifb "
        "(linux-modules-extra or kernel-modules-extra), or run agents on the receivers");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Program> Compose(const Timeline& timeline, const NodeFacts& facts) {
  Program program{
      .run = timeline.run, .devices = facts.devices, .protect = facts.protect, .prefix_sets = timeline.prefix_sets};
  for (const Step& step : timeline.steps) {
    if (step.blocks.empty()) continue;
    Program::StepRules rules = RulesOf(step);
    FAULTLINE_RETURN_IF_ERROR(WithContext(CheckFacts(rules, facts), absl::StrCat("step '", step.name, "'")));
    program.steps.push_back(std::move(rules));
  }
  return program;
}

}  // namespace faultline
