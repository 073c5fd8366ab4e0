#include "controller/guard/observation_moments.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

Duration EndOf(const PlanStep& step) { return step.at + step.length; }

// The last moment before `at` at which a step begins or ends; T0 when there is none.
Duration LastChange(const Plan& plan, Duration at) {
  Duration last(0);
  for (const PlanStep& step : plan.steps) {
    if (step.at < at) last = std::max(last, step.at);
    if (EndOf(step) <= at) last = std::max(last, EndOf(step));
  }
  return last;
}

ObservationMoment Before(const Plan& plan, const Observation& observation, Duration step_at) {
  ObservationMoment moment;
  moment.before = true;
  moment.at = std::max(LastChange(plan, step_at), step_at - observation.timeout);
  moment.at = std::min(moment.at, step_at - kLeastBefore);
  moment.first = moment.at < Duration(0);
  return moment;
}

ObservationMoment After(Duration end) {
  ObservationMoment moment;
  moment.at = end + kAfter;
  return moment;
}

ObservationMoment AtEnd() {
  ObservationMoment moment;
  moment.text = "at the end";
  moment.at = Duration::max();
  moment.end = true;
  return moment;
}

const PlanStep* FindStep(const Plan& plan, const std::string& name) {
  const auto found = std::ranges::find(plan.steps, name, &PlanStep::name);
  return found == plan.steps.end() ? nullptr : &*found;
}

void AddOfRun(const Plan& plan, const Observation& observation, std::vector<ObservationMoment>& moments) {
  const auto first = std::ranges::min_element(plan.steps, {}, &PlanStep::at);
  const auto last = std::ranges::max_element(plan.steps, {}, EndOf);
  if (first == plan.steps.end()) return;
  moments.push_back(Before(plan, observation, first->at));
  moments.back().text = "before the run";
  moments.push_back(After(EndOf(*last)));
  moments.back().text = "after the run";
}

}  // namespace

std::vector<ObservationMoment> MomentsOf(const Plan& plan) {
  std::vector<ObservationMoment> all;
  for (std::size_t i = 0; i < plan.observations.size(); ++i) {
    const Observation& observation = plan.observations[i];
    std::vector<ObservationMoment> moments;
    const auto add = [&](const std::string& step, absl::string_view word, ObservationMoment moment) {
      moment.text = absl::StrCat(word, " ", step);
      moment.step = step;
      moments.push_back(std::move(moment));
    };
    for (const std::string& name : observation.before) {
      if (const PlanStep* step = FindStep(plan, name)) add(name, "before", Before(plan, observation, step->at));
    }
    for (const std::string& name : observation.after) {
      if (const PlanStep* step = FindStep(plan, name)) add(name, "after", After(EndOf(*step)));
    }
    if (observation.at_end) {
      moments.push_back(AtEnd());
    } else if (observation.before.empty() && observation.after.empty()) {
      AddOfRun(plan, observation, moments);
    }
    for (ObservationMoment& moment : moments) {
      moment.observation = i;
      all.push_back(std::move(moment));
    }
  }
  std::ranges::stable_sort(all, {}, &ObservationMoment::at);
  return all;
}

}  // namespace faultline
