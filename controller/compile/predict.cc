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

Prediction Predict(const Timeline* sender, const Timeline* receiver, const Packet& packet, const Stage& stage) {
  Acting acting;
  AddActing({.sender = sender, .receiver = receiver}, packet, stage.active, acting);
  return Forecast(acting, stage.start, stage.end).OverAll();
}

}  // namespace faultline
