#pragma once

#include <chrono>

#include "controller/metrics/controller_metrics.h"

namespace faultline {

// Two nodes, one of them gone in the middle of a fault.
inline ControllerSnapshot SampleController() {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  ControllerSnapshot snapshot{.version = "0.1.0", .kernel_release = "6.1.0-cloud", .nodes = {}, .runs = {}};
  for (const char* name : {"lon-1", "par-1"}) {
    v1::Node& node = snapshot.nodes.emplace_back();
    node.mutable_info()->set_name(name);
    node.mutable_round_trip()->set_nanos(300'000);
  }
  snapshot.nodes[0].set_connected(true);
  snapshot.runs.runs.push_back({.id = "split-1",
                                .plan = "split",
                                .phase = RunPhase::kRunning,
                                .left = seconds(33),
                                .faults = {{.index = 0, .step = "cut", .left = seconds(30)}},
                                .nodes = 2,
                                .gone = 1});
  snapshot.runs.ended[v1::OUTCOME_VERIFIED] = 4;
  snapshot.runs.lateness.Add(/*is_fired=*/false, seconds(1), seconds(1) + milliseconds(2));
  snapshot.runs.probes[{.from = "london", .to = "paris"}] = {
      .sent = 10, .received = 8, .timed = 8, .sum_delay = milliseconds(16)};
  return snapshot;
}

}  // namespace faultline
