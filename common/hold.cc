#include "common/hold.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/duration.h"

namespace faultline {

absl::Status CheckPatience(Duration patience, ControllerLoss on_controller_loss) {
  if (patience < kShortestPatience || patience > kLongestPatience) {
    return absl::InvalidArgumentError(absl::StrCat("must be ", FormatDuration(kShortestPatience), " to ",
                                                   FormatDuration(kLongestPatience), ", not ",
                                                   FormatDuration(patience)));
  }
  if (on_controller_loss == ControllerLoss::kHeal) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "needs on_controller_loss: heal, for nodes that wait learn from the controller alone when to go on");
}

std::vector<Duration> HoldsOf(const std::vector<Step>& steps) {
  std::vector<Duration> holds;
  for (const Step& step : steps) holds.push_back(step.at);
  const auto last = std::ranges::max_element(holds);
  if (last == holds.end()) return holds;
  const Duration last_begin = *last;
  for (const Step& step : steps) {
    if (step.end() <= last_begin) holds.push_back(step.end());
  }
  std::ranges::sort(holds);
  holds.erase(std::unique(holds.begin(), holds.end()), holds.end());
  return holds;
}

void Retime(std::size_t hold, Duration shift, Timeline& timeline) {
  const Duration from = timeline.holds[hold];
  for (Step& step : timeline.steps) {
    if (step.at >= from) {
      step.at += shift;
    } else if (step.end() >= from) {
      step.length += shift;
    }
  }
  for (std::size_t later = hold + 1; later < timeline.holds.size(); ++later) timeline.holds[later] += shift;
  timeline.length += shift;
}

}  // namespace faultline
