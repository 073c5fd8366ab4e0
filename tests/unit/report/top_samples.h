#pragma once

#include <string>

#include "controller/report/top_state.h"
#include "tests/unit/report/run_samples.h"

namespace faultline {

// A run that is in its second stage of four, 12 s after T0; its second step delays, and has counted already.
inline TopRun SampleProgress() {
  using std::chrono::seconds;
  TopRun shown;
  shown.run.set_id("split-brain-3");
  shown.run.set_state(v1::RUN_STATE_RUNNING);
  *shown.run.mutable_length() = EncodeDuration(seconds(63));
  for (const char* step : {"one-way", "far"}) shown.run.add_step_names(step);
  shown.run.add_step_effects("drop");
  shown.run.add_step_effects("delay 80ms, lose 1%");
  const auto add = [&](const char* name, int start, int end) {
    v1::StageSchedule& stage = *shown.run.add_schedule();
    stage.set_name(name);
    *stage.mutable_start() = EncodeDuration(seconds(start));
    *stage.mutable_end() = EncodeDuration(seconds(end));
  };
  add("baseline", 0, 10);
  add("one-way", 10, 20);
  add("one-way+far", 20, 30);
  add("healed", 30, 63);
  for (const char* name : {"lon-1", "par-1"}) {
    v1::NodeRun& node = *shown.run.add_nodes();
    node.set_node(name);
    AddTransition(node, 0, v1::TRANSITION_FIRED, seconds(10), std::chrono::microseconds(300));
  }
  shown.elapsed = seconds(12);
  return shown;
}

inline void AddCounters(v1::Run& run, int node, std::uint32_t step, std::uint64_t packets, std::uint64_t passed) {
  v1::StepCounters& counters = *run.mutable_nodes(node)->mutable_outcome()->add_counters();
  counters.set_step(step);
  counters.set_packets(packets);
  counters.set_passed(passed);
  counters.set_lost(passed / 100);
}

// Six nodes, one of them gone; two runs; London cannot reach Paris but for a leak, and Paris' nodes are far from each
// other. It became so 20 s ago.
inline TopState SampleState() {
  using std::chrono::microseconds;
  using std::chrono::milliseconds;
  TopState state;
  state.now = WallTime(std::chrono::seconds(1704067212));
  state.controller = "unix:/run/faultline/controller.sock";
  for (const std::string& name : LondonAndParis(3)) {
    state.nodes.push_back({.name = name, .connected = name != "par-3", .clock_error = microseconds(420)});
  }
  state.runs.push_back(SampleProgress());
  TopRun& waiting = state.runs.emplace_back();
  waiting.run.set_id("nightly-4");
  waiting.run.set_state(v1::RUN_STATE_WAITING);

  state.matrix = OneWayStage(3);
  SetObserved(state.matrix, "lon-1", "par-2", v1::FAMILY_IPV4, v1::REACH_OPEN, 12);
  for (const v1::Family family : {v1::FAMILY_IPV4, v1::FAMILY_IPV6}) {
    SetImpaired(state.matrix, "par-1", "par-2", family, milliseconds(80), 0.02);
    for (const std::string& node : LondonAndParis(3)) {
      if (node != "par-3") SetObserved(state.matrix, node, "par-3", family, v1::REACH_UNSPECIFIED, 0);
    }
  }
  MonotonicTime at{std::chrono::seconds(1000)};
  for (int second = 0; second < 60; ++second, at += std::chrono::seconds(1)) {
    state.history.Add(second < 40 ? OpenStage(3) : state.matrix, at);
  }
  return state;
}

}  // namespace faultline
