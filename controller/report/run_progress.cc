#include "controller/report/run_progress.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "controller/report/run_words.h"

namespace faultline {
namespace {

// After T0.
struct StepSpan {
  Duration start{0};
  Duration end{0};
};

// When each step is to act, from its first stage to its last: a stage is called after its steps.
std::map<std::string, StepSpan> SpansOf(const v1::Run& run) {
  std::map<std::string, StepSpan> spans;
  for (const v1::StageSchedule& stage : run.schedule()) {
    const StepSpan span = {.start = DecodedOrZero(stage.start()), .end = DecodedOrZero(stage.end())};
    for (const absl::string_view step : absl::StrSplit(stage.name(), '+')) {
      StepSpan& known = spans.try_emplace(std::string(step), span).first->second;
      known.start = std::min(known.start, span.start);
      known.end = std::max(known.end, span.end);
    }
  }
  return spans;
}

std::size_t CountNodes(const v1::Run& run, std::uint32_t step, v1::Transition kind) {
  const auto reported = [&](const v1::NodeRun& node) {
    return std::ranges::any_of(node.transitions(), [&](const v1::StepTransition& transition) {
      return transition.step() == step && transition.transition() == kind;
    });
  };
  return static_cast<std::size_t>(std::ranges::count_if(run.nodes(), reported));
}

std::optional<Duration> Left(Duration until, std::optional<Duration> elapsed) {
  return elapsed && *elapsed < until ? std::optional(until - *elapsed) : std::nullopt;
}

StepProgress ProgressOfStep(const v1::Run& run, int index, const std::map<std::string, StepSpan>& spans,
                            std::optional<Duration> elapsed) {
  const auto number = static_cast<std::uint32_t>(index);
  StepProgress step;
  step.name = run.step_names(index);
  if (index < run.step_effects_size()) step.effect = run.step_effects(index);
  step.fired = CountNodes(run, number, v1::TRANSITION_FIRED);
  step.healed = CountNodes(run, number, v1::TRANSITION_HEALED);
  step.counters = CountersOf(run, number);
  if (step.fired > 0) {
    step.state = step.healed < step.fired ? StepProgress::State::kActing : StepProgress::State::kOver;
  }
  const auto span = spans.find(step.name);
  if (span == spans.end()) return step;
  if (step.fired == 0 && elapsed && *elapsed >= span->second.end) step.state = StepProgress::State::kOver;
  if (step.state == StepProgress::State::kToCome) step.left = Left(span->second.start, elapsed);
  if (step.state == StepProgress::State::kActing) step.left = Left(span->second.end, elapsed);
  return step;
}

void LeaveOpen(Duration held, RunProgress& progress) {
  progress.held = held;
  progress.stage_left.reset();
  progress.run_left.reset();
  for (StepProgress& step : progress.steps) step.left.reset();
}

}  // namespace

RunProgress ProgressOf(const v1::Run& run, std::optional<Duration> elapsed) {
  RunProgress progress;
  const std::map<std::string, StepSpan> spans = SpansOf(run);
  for (int i = 0; i < run.step_names_size(); ++i) progress.steps.push_back(ProgressOfStep(run, i, spans, elapsed));
  if (!elapsed) return progress;
  progress.run_left = Left(DecodedOrZero(run.length()), elapsed);
  progress.until_start = Left(Duration(0), elapsed);
  for (int i = 0; i < run.schedule_size(); ++i) {
    const v1::StageSchedule& stage = run.schedule(i);
    if (*elapsed < DecodedOrZero(stage.start()) || *elapsed >= DecodedOrZero(stage.end())) continue;
    progress.stage = stage.name();
    progress.number = static_cast<std::size_t>(i) + 1;
    progress.stage_left = Left(DecodedOrZero(stage.end()), elapsed);
    if (stage.has_held()) LeaveOpen(DecodedOrZero(stage.held()), progress);
    break;
  }
  return progress;
}

}  // namespace faultline
