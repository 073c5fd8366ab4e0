#include "common/timeline.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/duration.h"
#include "common/status.h"

namespace faultline {
namespace {

absl::Status CheckBlock(const Block& block, const std::vector<PrefixSet>& sets) {
  const Match& match = block.match;
  if (!match.sources && !match.destinations) {
    return absl::InvalidArgumentError("a block names neither sources nor destinations");
  }
  for (const std::optional<SetIndex>& index : {match.sources, match.destinations, match.except_destinations}) {
    if (index && *index >= sets.size()) {
      return absl::InvalidArgumentError(absl::StrCat("prefix set ", *index, " of ", sets.size(), " does not exist"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckStep(const Step& step, const Timeline& timeline) {
  FAULTLINE_RETURN_IF_ERROR(CheckName(step.name, "step name"));
  if (step.at < Duration(0) || step.length > timeline.length || step.at > timeline.length - step.length) {
    return absl::InvalidArgumentError(absl::StrCat("it lies outside of the run's ", FormatDuration(timeline.length)));
  }
  if (step.length < kShortestStep) {
    return absl::InvalidArgumentError(absl::StrCat("it is shorter than ", FormatDuration(kShortestStep)));
  }
  for (const Block& block : step.blocks) FAULTLINE_RETURN_IF_ERROR(CheckBlock(block, timeline.prefix_sets));
  return absl::OkStatus();
}

}  // namespace

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
  return absl::OkStatus();
}

}  // namespace faultline
