#include "agent/timeline/run_plan.h"

#include <algorithm>
#include <cassert>

namespace faultline {

std::set<StepIndex> ActiveSteps(const Timeline& timeline, Duration elapsed) {
  std::set<StepIndex> active;
  for (const Step& step : timeline.steps) {
    if (step.at <= elapsed && elapsed < step.end()) active.insert(step.index);
  }
  return active;
}

std::optional<Duration> NextChange(const Timeline& timeline, Duration elapsed) {
  if (elapsed >= timeline.length) return std::nullopt;
  Duration next = timeline.length;
  for (const Step& step : timeline.steps) {
    for (const Duration edge : {step.at, step.end()}) {
      if (edge > elapsed) next = std::min(next, edge);
    }
  }
  return next;
}

const Step& StepAt(const Timeline& timeline, StepIndex index) {
  const auto step = std::find_if(timeline.steps.begin(), timeline.steps.end(),
                                 [index](const Step& candidate) { return candidate.index == index; });
  assert(step != timeline.steps.end());
  return *step;
}

}  // namespace faultline
