#pragma once

#include <utility>
#include <vector>

#include "common/program/program.h"
#include "common/timeline.h"

namespace faultline {

// A run of 60 s on node "lon-1" with the given steps, each {start, length}; all drop from Paris.
inline Timeline SampleTimeline(std::vector<std::pair<Duration, Duration>> steps, std::string run = "split-1") {
  Timeline timeline;
  timeline.run = RunId(std::move(run));
  timeline.node = NodeName("lon-1");
  timeline.length = std::chrono::seconds(60);
  timeline.lease = std::chrono::seconds(15);
  timeline.prefix_sets = {PrefixSet{*Prefix::Parse("172.33.0.0/16")}};
  for (const auto& [at, length] : steps) {
    const auto index = static_cast<StepIndex>(timeline.steps.size());
    timeline.steps.push_back({.index = index,
                              .name = "step-" + std::to_string(index),
                              .at = at,
                              .length = length,
                              .rules = {{.match = {.sources = 0}}}});
  }
  return timeline;
}

inline Program SampleProgram(const Timeline& timeline) {
  Program program{
      .run = timeline.run, .devices = {"eth0"}, .protect = {}, .prefix_sets = timeline.prefix_sets, .steps = {}};
  for (const Step& step : timeline.steps) {
    program.steps.push_back({.index = step.index, .effect = step.effect, .incoming = {{.sources = 0}}});
  }
  return program;
}

}  // namespace faultline
