#include "common/program/compose.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace faultline {
namespace {

void AddOnce(std::vector<Match>& matches, const Match& match) {
  if (std::find(matches.begin(), matches.end(), match) == matches.end()) matches.push_back(match);
}

bool Overlap(const Step& a, const Step& b) { return a.at < b.end() && b.at < a.end(); }

// Steps with rules, in the order of Program::steps. A later impairment stands before the first it overlaps: it wins,
// and when it ends the earlier one has the packets again. Where none overlaps they stand by their start, as blocks do:
// of two steps that touch no packet then finds both closed.
std::vector<const Step*> OrderOf(const Timeline& timeline) {
  std::vector<const Step*> blocks;
  std::vector<const Step*> impairments;
  for (const Step& step : timeline.steps) {
    if (step.rules.empty()) continue;
    if (!std::holds_alternative<Impairment>(step.effect)) {
      blocks.push_back(&step);
      continue;
    }
    const auto place = std::find_if(impairments.begin(), impairments.end(),
                                    [&step](const Step* earlier) { return Overlap(*earlier, step); });
    impairments.insert(place, &step);
  }
  blocks.insert(blocks.end(), impairments.begin(), impairments.end());
  return blocks;
}

// REQUIRES: nothing is Missing.
LaneKind LaneKindOf(const Step& step, const NodeFacts& facts) {
  if (facts.has.Has(Capability::kNetem)) return LaneKind::kNetem;
  return std::get<Impairment>(step.effect).OnlyRate() ? LaneKind::kRate : LaneKind::kLossByRule;
}

// What the node lacks to carry out this step; OK when nothing.
absl::Status CheckFacts(const Step& step, const NodeFacts& facts) {
  if (facts.devices.empty()) {
    return absl::FailedPreconditionError(
        "there is no interface to act on: none that is up and has a global address is allowed by "
        "the agent's config");
  }
  for (const Rule& rule : step.rules) {
    const std::vector<Capability> missing = Missing(step, rule.side, facts.has);
    if (missing.empty()) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("this node has no ", NameOf(missing.front()), ": ", HowToGet(missing.front(), facts.platform)));
  }
  return absl::OkStatus();
}

Program::StepRules RulesOf(const Step& step, const Timeline& timeline, const NodeFacts& facts) {
  Program::StepRules rules{.index = step.index, .effect = step.effect, .filter = step.filter};
  for (const Rule& rule : step.rules) {
    AddOnce(rule.side == Side::kReceiver ? rules.incoming : rules.outgoing, rule.match);
  }
  if (rules.Impairs()) {
    rules.lane = LaneKindOf(step, facts);
    if (facts.has.Has(Capability::kNetemSeed)) rules.seed = StepSeed(timeline, step.index);
  }
  return rules;
}

}  // namespace

absl::StatusOr<Program> Compose(const Timeline& timeline, const NodeFacts& facts) {
  Program program{.run = timeline.run,
                  .devices = facts.devices,
                  .protect = facts.protect,
                  .prefix_sets = timeline.prefix_sets,
                  .steps = {},
                  .lane_memory = facts.lane_memory,
                  .egress_by_clsact = SenderHook(facts.has) == Capability::kEgressClsact};
  for (const Step* step : OrderOf(timeline)) {
    FAULTLINE_RETURN_IF_ERROR(WithContext(CheckFacts(*step, facts), absl::StrCat("step '", step->name, "'")));
    program.steps.push_back(RulesOf(*step, timeline, facts));
  }
  return program;
}

}  // namespace faultline
