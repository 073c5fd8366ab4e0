#include "agent/timeline/limits.h"

#include "absl/strings/str_cat.h"
#include "common/duration.h"

namespace faultline {

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
  return absl::OkStatus();
}

}  // namespace faultline
