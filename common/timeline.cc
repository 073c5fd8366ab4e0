#include "common/timeline.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/duration.h"
#include "common/status.h"

namespace faultline {
namespace {

absl::Status CheckSet(const std::optional<SetIndex>& index, const std::vector<PrefixSet>& sets) {
  if (!index || *index < sets.size()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("prefix set ", *index, " of ", sets.size(), " does not exist"));
}

absl::Status CheckRule(const Rule& rule, const Step& step, const std::vector<PrefixSet>& sets) {
  const Match& match = rule.match;
  if (!match.sources && !match.destinations) {
    return absl::InvalidArgumentError("a rule names neither sources nor destinations");
  }
  for (const std::optional<SetIndex>& index : {match.sources, match.destinations, match.except_destinations}) {
    FAULTLINE_RETURN_IF_ERROR(CheckSet(index, sets));
  }
  const std::string impossible = Impossible(step, rule.side);
  return impossible.empty() ? absl::OkStatus() : absl::InvalidArgumentError(impossible);
}

absl::Status CheckEffect(const Step& step) {
  const auto* impairment = std::get_if<Impairment>(&step.effect);
  if (step.ramp && impairment == nullptr) return absl::InvalidArgumentError("ramp: only an impairment has one");
  if (step.flap) FAULTLINE_RETURN_IF_ERROR(FirstError(CheckFlap(*step.flap)));
  if (impairment == nullptr) return absl::OkStatus();
  return FirstError(step.ramp ? CheckRamp(*impairment, *step.ramp) : CheckImpairment(*impairment));
}

absl::Status CheckStep(const Step& step, const Timeline& timeline) {
  FAULTLINE_RETURN_IF_ERROR(CheckName(step.name, "step name"));
  if (step.at < Duration(0) || step.length > timeline.length || step.at > timeline.length - step.length) {
    return absl::InvalidArgumentError(absl::StrCat("it lies outside of the run's ", FormatDuration(timeline.length)));
  }
  if (step.length < kShortestStep) {
    return absl::InvalidArgumentError(absl::StrCat("it is shorter than ", FormatDuration(kShortestStep)));
  }
  FAULTLINE_RETURN_IF_ERROR(CheckEffect(step));
  FAULTLINE_RETURN_IF_ERROR(FirstError(CheckPacketFilter(step.filter)));
  FAULTLINE_RETURN_IF_ERROR(CheckSet(step.filter.except_addresses, timeline.prefix_sets));
  for (const Rule& rule : step.rules) FAULTLINE_RETURN_IF_ERROR(CheckRule(rule, step, timeline.prefix_sets));
  return absl::OkStatus();
}

// netem does all of it, or a lane without netem can do its one thing.
bool NeedsNetem(const Step& step, Side side, const CapabilitySet& has) {
  const auto& impairment = std::get<Impairment>(step.effect);
  if (impairment.OnlyRate()) return false;
  // The lane's packets come back below the hooks on the way in; on the way out there is no hook behind it.
  const bool by_rule = impairment.OnlyLoss() && !step.ramp && side == Side::kReceiver;
  return !by_rule || !has.Has(Capability::kRandomRule);
}

std::vector<Capability> NeededOf(const Step& step, Side side, const CapabilitySet& has) {
  const bool receiver = side == Side::kReceiver;
  const Capability hook = receiver ? Capability::kIngressHook : SenderHook(has);
  if (std::holds_alternative<Impairment>(step.effect)) {
    std::vector<Capability> needed = {hook, Capability::kRateLane};
    if (NeedsNetem(step, side, has)) needed.push_back(Capability::kNetem);
    return needed;
  }
  const bool reject = std::holds_alternative<Reject>(step.effect);
  if (step.filter.connection != Connection::kAny) {
    std::vector<Capability> needed = {Capability::kIngressHook, Capability::kConnectionState};
    if (reject) needed.push_back(Capability::kReject);
    return needed;
  }
  if (reject) return receiver ? std::vector{hook, Capability::kReject} : std::vector{Capability::kRejectOutgoing};
  return receiver ? std::vector{hook} : std::vector{hook, Capability::kBlackholeLane};
}

absl::Status CheckHolds(const Timeline& timeline) {
  Duration earliest(0);
  for (const Duration hold : timeline.holds) {
    if (hold < earliest || hold >= timeline.length) {
      return absl::InvalidArgumentError(absl::StrCat("the hold at ", FormatDuration(hold), " is out of place"));
    }
    earliest = hold + Duration(1);
  }
  if (timeline.holds.empty() || timeline.on_controller_loss == ControllerLoss::kHeal) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "a run that waits for its stages to be verified cannot continue without its controller, which alone can tell it "
      "to go on: use on_controller_loss: heal");
}

}  // namespace

std::uint64_t StepSeed(const Timeline& timeline, StepIndex step) {
  // An odd multiplier keeps different steps' seeds apart; what draws from a seed mixes it.
  return timeline.seed + (std::uint64_t{step} + 1) * 0x9e3779b97f4a7c15;
}

Impairment ImpairmentAt(const Step& step, Duration elapsed) {
  const auto& impairment = std::get<Impairment>(step.effect);
  return step.ramp ? RampValue(impairment, *step.ramp, RampPosition(*step.ramp, elapsed)) : impairment;
}

Capability SenderHook(const CapabilitySet& has) {
  const bool clsact = !has.Has(Capability::kEgressHook) && has.Has(Capability::kEgressClsact);
  return clsact ? Capability::kEgressClsact : Capability::kEgressHook;
}

std::vector<Capability> Missing(const Step& step, Side side, const CapabilitySet& has) {
  std::vector<Capability> missing = NeededOf(step, side, has);
  std::erase_if(missing, [&has](Capability capability) { return has.Has(capability); });
  return missing;
}

std::string Impossible(const Step& step, Side side) {
  if (step.filter.connection == Connection::kAny) return "";
  if (std::holds_alternative<Impairment>(step.effect)) {
    return "an impairment cannot select by connection: its packets leave the kernel's path before connections are "
           "known";
  }
  if (side == Side::kSender) {
    return "the connection's state is only known at the receiver, and it has no agent";
  }
  return "";
}

absl::Status CheckTimeline(const Timeline& timeline) {
  FAULTLINE_RETURN_IF_ERROR(CheckName(timeline.run.text(), "run id"));
  FAULTLINE_RETURN_IF_ERROR(CheckName(timeline.node.text(), "node name"));
  if (timeline.lease < kShortestLease || timeline.lease > kLongestLease) {
    return absl::InvalidArgumentError(absl::StrCat("the lease ", FormatDuration(timeline.lease), " is not within ",
                                                   FormatDuration(kShortestLease), " to ",
                                                   FormatDuration(kLongestLease)));
  }
  if (timeline.length <= Duration(0)) return absl::InvalidArgumentError("the run has no length");
  for (const PrefixSet& set : timeline.prefix_sets) {
    if (set.empty()) return absl::InvalidArgumentError("a prefix set is empty");
  }
  std::set<StepIndex> indices;
  for (const Step& step : timeline.steps) {
    FAULTLINE_RETURN_IF_ERROR(WithContext(CheckStep(step, timeline), absl::StrCat("step '", step.name, "'")));
    if (!indices.insert(step.index).second) {
      return absl::InvalidArgumentError(absl::StrCat("step index ", step.index, " comes twice"));
    }
  }
  const auto earlier = [](const Step& a, const Step& b) { return std::pair(a.at, a.index) < std::pair(b.at, b.index); };
  if (!std::is_sorted(timeline.steps.begin(), timeline.steps.end(), earlier)) {
    return absl::InvalidArgumentError("the steps are not in order");
  }
  return CheckHolds(timeline);
}

}  // namespace faultline
