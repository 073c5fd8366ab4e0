#include "controller/report/step_windows.h"

#include <algorithm>

#include "absl/strings/str_split.h"
#include "controller/report/run_words.h"

namespace faultline {
namespace {

bool IsNamed(const v1::StageSchedule& stage, const std::string& step) {
  const std::vector<absl::string_view> names = absl::StrSplit(stage.name(), '+');
  return std::ranges::find(names, step) != names.end();
}

// By the stages in which it acts; a step acts without a break.
bool ReadPlanned(const v1::Run& run, StepWindow& window) {
  bool found = false;
  for (const v1::StageSchedule& stage : run.schedule()) {
    const std::optional<Duration> start = Decoded(stage.start());
    const std::optional<Duration> end = Decoded(stage.end());
    if (!start || !end || !IsNamed(stage, window.name)) continue;
    if (!found) window.start = *start;
    window.end = *end;
    found = true;
  }
  return found;
}

void ReadActual(const v1::Run& run, std::uint32_t step, StepWindow& window) {
  for (const v1::NodeRun& node : run.nodes()) {
    for (const v1::StepTransition& transition : node.transitions()) {
      const std::optional<Duration> actual = Decoded(transition.actual());
      if (transition.step() != step || !actual) continue;
      if (transition.transition() == v1::TRANSITION_FIRED) {
        window.fired = std::min(window.fired.value_or(*actual), *actual);
      } else if (transition.transition() == v1::TRANSITION_HEALED) {
        window.healed = std::max(window.healed.value_or(*actual), *actual);
      }
    }
  }
}

void Include(const std::optional<Duration>& moment, RunExtent& extent) {
  if (!moment) return;
  extent.start = std::min(extent.start, *moment);
  extent.end = std::max(extent.end, *moment);
}

}  // namespace

std::vector<StepWindow> StepWindowsOf(const v1::Run& run) {
  std::vector<StepWindow> windows;
  for (int i = 0; i < run.step_names_size(); ++i) {
    StepWindow window;
    window.name = run.step_names(i);
    if (i < run.step_effects_size()) window.effect = run.step_effects(i);
    if (!ReadPlanned(run, window)) continue;
    ReadActual(run, static_cast<std::uint32_t>(i), window);
    windows.push_back(std::move(window));
  }
  return windows;
}

RunExtent ExtentOf(const v1::Run& run) {
  RunExtent extent;
  for (const v1::StageSchedule& stage : run.schedule()) Include(Decoded(stage.end()), extent);
  for (const v1::StageVerdict& stage : run.stages()) Include(Decoded(stage.start()), extent);
  for (const v1::LinkSeries& series : run.series()) Include(Decoded(series.start()), extent);
  for (const v1::Capture& capture : run.captures()) Include(Decoded(capture.at()), extent);
  for (const v1::GuardCheck& check : run.guard_checks()) Include(Decoded(check.at()), extent);
  if (run.clients().has_step()) Include(Decoded(run.clients().start()), extent);
  for (const v1::ClientStage& stage : run.clients().stages()) Include(Decoded(stage.end()), extent);
  extent.end = std::max<Duration>(extent.end, extent.start + std::chrono::seconds(1));
  return extent;
}

}  // namespace faultline
