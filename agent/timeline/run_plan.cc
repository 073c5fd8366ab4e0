#include "agent/timeline/run_plan.h"

#include <algorithm>
#include <cassert>

namespace faultline {
namespace {

bool Active(const Step& step, Duration elapsed) { return step.at <= elapsed && elapsed < step.end(); }

FlapPhase PhaseOf(const Timeline& timeline, const Step& step, Duration elapsed) {
  FlapPhase phase = FlapPhaseAt(*step.flap, StepSeed(timeline, step.index), elapsed - step.at);
  phase.start += step.at;
  phase.end += step.at;
  return phase;
}

// When an active step next changes within itself; its end when it does not.
Duration NextWithin(const Timeline& timeline, const Step& step, Duration elapsed) {
  Duration next = step.end();
  if (step.flap) next = std::min(next, PhaseOf(timeline, step, elapsed).end);
  if (step.ramp) {
    const std::size_t position = RampPosition(*step.ramp, elapsed - step.at);
    if (position < RampChanges(*step.ramp)) next = std::min(next, step.at + RampChangeTime(*step.ramp, position + 1));
  }
  return next;
}

}  // namespace

std::set<StepIndex> ActiveSteps(const Timeline& timeline, Duration elapsed) {
  std::set<StepIndex> active;
  for (const Step& step : timeline.steps) {
    if (Active(step, elapsed)) active.insert(step.index);
  }
  return active;
}

std::map<StepIndex, Duration> ActingSteps(const Timeline& timeline, Duration elapsed) {
  std::map<StepIndex, Duration> acting;
  for (const Step& step : timeline.steps) {
    if (!Active(step, elapsed)) continue;
    if (!step.flap) {
      acting[step.index] = step.end();
    } else if (const FlapPhase phase = PhaseOf(timeline, step, elapsed); phase.down) {
      acting[step.index] = std::min(phase.end, step.end());
    }
  }
  return acting;
}

std::map<StepIndex, std::size_t> RampPositions(const Timeline& timeline, Duration elapsed) {
  std::map<StepIndex, std::size_t> positions;
  for (const Step& step : timeline.steps) {
    if (step.ramp && Active(step, elapsed)) positions[step.index] = RampPosition(*step.ramp, elapsed - step.at);
  }
  return positions;
}

std::optional<Duration> NextChange(const Timeline& timeline, Duration elapsed) {
  if (elapsed >= timeline.length) return std::nullopt;
  Duration next = timeline.length;
  for (const Step& step : timeline.steps) {
    if (step.at > elapsed) {
      next = std::min(next, step.at);
    } else if (Active(step, elapsed)) {
      next = std::min(next, NextWithin(timeline, step, elapsed));
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
