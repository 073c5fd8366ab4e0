#include "controller/compile/predict.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

Stage StageBetween(const Timeline& timeline, Duration start, Duration end) {
  Stage stage;
  stage.start = start;
  stage.end = end;
  bool any_ended = false;
  for (const Step& step : timeline.steps) {
    any_ended = any_ended || step.end() <= start;
    if (step.at > start || step.end() <= start) continue;
    absl::StrAppend(&stage.name, stage.active.empty() ? "" : "+", step.name);
    stage.active.push_back(step.index);
  }
  if (stage.active.empty()) stage.name = any_ended ? "between" : "baseline";
  return stage;
}

bool Matches(const Match& match, const Timeline& timeline, const IpAddress& source, const IpAddress& destination) {
  const auto in = [&timeline](const std::optional<SetIndex>& set, const IpAddress& address, bool when_absent) {
    return set ? timeline.prefix_sets[*set].Contains(address) : when_absent;
  };
  return in(match.sources, source, true) && in(match.destinations, destination, true) &&
         !in(match.except_destinations, destination, false);
}

bool Drops(const Timeline& timeline, Hook hook, const IpAddress& source, const IpAddress& destination,
           std::span<const StepIndex> active) {
  const auto drops = [&](const Block& block) {
    return block.hook == hook && Matches(block.match, timeline, source, destination);
  };
  return std::any_of(timeline.steps.begin(), timeline.steps.end(), [&](const Step& step) {
    return std::find(active.begin(), active.end(), step.index) != active.end() &&
           std::any_of(step.blocks.begin(), step.blocks.end(), drops);
  });
}

std::string SetText(const std::optional<SetIndex>& set, const Timeline& timeline) {
  return set ? timeline.prefix_sets[*set].ToString() : "anywhere";
}

}  // namespace

std::vector<Stage> StagesOf(const Timeline& timeline) {
  std::vector<Duration> cuts = {Duration(0), timeline.length};
  for (const Step& step : timeline.steps) {
    cuts.push_back(step.at);
    cuts.push_back(step.end());
  }
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());

  std::vector<Stage> stages;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) stages.push_back(StageBetween(timeline, cuts[i], cuts[i + 1]));
  if (stages.empty() || stages.front().name != "baseline" || !stages.front().active.empty()) {
    stages.insert(stages.begin(), Stage{.name = "baseline"});
  }
  if (stages.back().name == "between" && stages.back().active.empty()) stages.back().name = "healed";
  return stages;
}

bool Reaches(const Timeline* sender, const IpAddress& source, const Timeline* receiver, const IpAddress& destination,
             std::span<const StepIndex> active) {
  if (sender != nullptr && receiver != nullptr && sender->node == receiver->node) return true;
  const bool swallowed = sender != nullptr && Drops(*sender, Hook::kSenderBlackhole, source, destination, active);
  const bool dropped = receiver != nullptr && Drops(*receiver, Hook::kReceiverIngress, source, destination, active);
  return !swallowed && !dropped;
}

std::string DescribeBlock(const Block& block, const Timeline& timeline) {
  std::string text =
      absl::StrCat(block.hook == Hook::kReceiverIngress ? "drop in  from " : "drop out from ",
                   SetText(block.match.sources, timeline), " to ", SetText(block.match.destinations, timeline));
  if (block.match.except_destinations) {
    absl::StrAppend(&text, " except ", SetText(block.match.except_destinations, timeline));
  }
  return text;
}

}  // namespace faultline
