#include "agent/timeline/limits.h"

#include "absl/strings/str_cat.h"
#include "common/duration.h"
#include "common/status.h"

namespace faultline {
namespace {

absl::Status CheckCount(std::size_t has, std::size_t most, absl::string_view what, absl::string_view key) {
  if (has <= most) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the run has ", has, " ", what, " on this node, more than its guard.", key, " of ", most));
}

}  // namespace

absl::Status CheckLimits(const Timeline& timeline, std::size_t held, const Limits& limits) {
  if (timeline.length > limits.max_duration) {
    return absl::FailedPreconditionError(absl::StrCat("the run takes ", FormatDuration(timeline.length),
                                                      ", longer than this node's guard.max_duration of ",
                                                      FormatDuration(limits.max_duration)));
  }
  if (held >= limits.max_runs) {
    return absl::FailedPreconditionError(
        absl::StrCat("this node already holds ", held, " runs, as many as its guard.max_runs allows"));
  }
  FAULTLINE_RETURN_IF_ERROR(CheckCount(timeline.steps.size(), limits.max_steps, "steps", "max_steps"));
  std::size_t rules = 0;
  for (const Step& step : timeline.steps) rules += step.rules.size();
  FAULTLINE_RETURN_IF_ERROR(CheckCount(rules, limits.max_rules, "rules", "max_rules"));
  std::size_t ranges = 0;
  for (const PrefixSet& set : timeline.prefix_sets) ranges += set.prefixes().size();
  return CheckCount(ranges, limits.max_ranges, "address ranges", "max_ranges");
}

}  // namespace faultline
