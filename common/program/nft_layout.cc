#include "common/program/nft_layout.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/field_error.h"
#include "common/status.h"

namespace faultline {
namespace {

bool BlocksByState(const Program::StepRules& step) { return step.filter.connection != Connection::kAny; }

bool LosesByRule(const Program::StepRules& step) { return step.Impairs() && step.lane == LaneKind::kLossByRule; }

std::vector<FamilyMatch> MatchesOf(const Program& program, const std::vector<Match>& matches) {
  std::vector<FamilyMatch> found;
  for (const Match& match : matches) {
    for (const Family family : {Family::kIpv4, Family::kIpv6}) {
      const auto lacks = [&](const std::optional<SetIndex>& set) {
        return set && !program.prefix_sets[*set].HasFamily(family);
      };
      if (!lacks(match.sources) && !lacks(match.destinations)) found.push_back({match, family});
    }
  }
  return found;
}

// Puts chains at the end of a layout, those without matches left out.
class ChainAppender {
 public:
  ChainAppender(const Program& program, std::vector<StepChain>& chains) : program_(program), chains_(chains) {}

  void Append(const Program::StepRules& step, std::vector<Place> places, Action action) {
    const PlaceInfo& info = InfoOf(places.front());
    const bool in = info.direction == Direction::kIngress;
    std::vector<FamilyMatch> matches = MatchesOf(program_, in ? step.incoming : step.outgoing);
    if (matches.empty()) return;
    chains_.push_back({.step = &step,
                       .places = std::move(places),
                       .name = StepChainName(program_.run, step.index, info.step_suffix),
                       .action = action,
                       .matches = std::move(matches)});
  }

 private:
  const Program& program_;
  std::vector<StepChain>& chains_;
};

absl::Status CheckMatch(const Program& program, const Match& match) {
  if (!match.sources && !match.destinations) {
    return absl::InvalidArgumentError("a match names neither sources nor destinations");
  }
  for (const auto& set : {match.sources, match.destinations, match.except_destinations}) {
    if (set && *set >= program.prefix_sets.size()) {
      return absl::InvalidArgumentError(absl::StrCat("prefix set ", *set, " does not exist"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckLane(const Program::StepRules& step) {
  const auto* impairment = std::get_if<Impairment>(&step.effect);
  if (impairment == nullptr) return absl::OkStatus();
  if (BlocksByState(step)) return absl::InvalidArgumentError("an impairment cannot select by connection");
  if (step.lane == LaneKind::kRate && !impairment->OnlyRate()) {
    return absl::InvalidArgumentError("a rate lane can do nothing but limit the rate");
  }
  if (step.lane != LaneKind::kLossByRule) return absl::OkStatus();
  if (!impairment->OnlyLoss()) return absl::InvalidArgumentError("a rule can do nothing but lose packets at random");
  if (!step.outgoing.empty()) return absl::InvalidArgumentError("a rule can lose only packets that come in");
  return absl::OkStatus();
}

absl::Status CheckStep(const Program& program, const Program::StepRules& step) {
  for (const std::vector<Match>* matches : {&step.incoming, &step.outgoing}) {
    for (const Match& match : *matches) FAULTLINE_RETURN_IF_ERROR(CheckMatch(program, match));
  }
  FAULTLINE_RETURN_IF_ERROR(FirstError(CheckPacketFilter(step.filter)));
  const auto& except = step.filter.except_addresses;
  if (except && *except >= program.prefix_sets.size()) {
    return absl::InvalidArgumentError(absl::StrCat("prefix set ", *except, " does not exist"));
  }
  if (BlocksByState(step) && !step.outgoing.empty()) {
    return absl::InvalidArgumentError("the connection's state is not known at the sender");
  }
  return CheckLane(step);
}

absl::Status CheckDevices(const Program& program) {
  if (program.devices.empty()) return absl::InvalidArgumentError("the program has steps but no device");
  if (std::find(program.devices.begin(), program.devices.end(), "lo") != program.devices.end()) {
    return absl::InvalidArgumentError("the loopback device is never acted on");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckProgram(const Program& program) {
  FAULTLINE_RETURN_IF_ERROR(CheckName(program.run.text(), "run id"));
  if (program.steps.empty()) return absl::OkStatus();
  FAULTLINE_RETURN_IF_ERROR(CheckDevices(program));
  std::set<StepIndex> indices;
  for (const Program::StepRules& step : program.steps) {
    const std::string context = absl::StrCat("step ", step.index);
    if (!indices.insert(step.index).second) return absl::InvalidArgumentError(context + " comes twice");
    FAULTLINE_RETURN_IF_ERROR(WithContext(CheckStep(program, step), context));
  }
  const std::vector<StepChain> chains = LayOut(program);
  const auto lanes =
      std::count_if(chains.begin(), chains.end(), [](const auto& chain) { return chain.action == Action::kDetour; });
  if (lanes <= kMostLanes) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("it needs ", lanes, " lanes, one for each impairment and direction; ",
                                                 "a run can have at most ", kMostLanes, " on one node"));
}

std::vector<StepChain> LayOut(const Program& program) {
  const bool hook = !program.egress_by_clsact;
  std::vector<StepChain> chains;
  ChainAppender appender(program, chains);
  auto losses_to_come = std::count_if(program.steps.begin(), program.steps.end(), LosesByRule);
  for (const Program::StepRules& step : program.steps) {
    if (step.Impairs()) {
      appender.Append(step, {Place::kLaneIn}, Action::kDetour);
      appender.Append(step, {hook ? Place::kLaneOut : Place::kLanePost}, Action::kDetour);
      if (LosesByRule(step)) {
        appender.Append(step, {Place::kLossIn}, Action::kDraw);
        --losses_to_come;
      } else if (losses_to_come > 0) {
        appender.Append(step, {Place::kLossIn}, Action::kPass);
      }
      continue;
    }
    const bool reject = std::holds_alternative<Reject>(step.effect);
    // `reject` is also for netdev ingress, but stock kernels are built without it (Debian's 5.10, 6.1 and 6.12).
    appender.Append(step, {reject || BlocksByState(step) ? Place::kStateIn : Place::kBlockIn},
                    reject ? Action::kReject : Action::kDrop);
    if (reject) {
      appender.Append(step, {Place::kForward, Place::kOutput}, Action::kReject);
    } else {
      appender.Append(step, {hook ? Place::kBlockOut : Place::kBlockPost}, Action::kSwallow);
    }
  }
  return chains;
}

}  // namespace faultline
