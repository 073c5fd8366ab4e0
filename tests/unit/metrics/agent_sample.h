#pragma once

#include <chrono>

#include "agent/metrics/agent_metrics.h"

namespace faultline {

// An agent in the middle of a fault, and a run that is only armed.
inline AgentSnapshot SampleAgent() {
  using std::chrono::microseconds;
  using std::chrono::seconds;
  AgentSnapshot snapshot{.version = "0.1.0",
                         .kernel_release = "6.1.0-cloud",
                         .node = NodeName("lon-1"),
                         .registered = true,
                         .round_trip = microseconds(300)};
  EngineStatus::Run fired{.id = RunId("split-1"), .fired = true, .lease = seconds(15), .lease_left = seconds(14)};
  fired.steps.push_back({.index = 0,
                         .name = "cut",
                         .left = seconds(30),
                         .gate_left = seconds(14),
                         .counters = RuleCounters{.step = 0, .packets = 7, .bytes = 700}});
  fired.steps.push_back({.index = 1,
                         .name = "far",
                         .left = seconds(10),
                         .counters = RuleCounters{.step = 1, .packets = 5, .passed = 9, .lost = 2, .overflowed = 1}});
  EngineStatus::Run armed{.id = RunId("later-1"), .lease = seconds(15), .lease_left = seconds(15)};
  armed.steps.push_back({.index = 0, .name = "cut"});
  snapshot.engine.runs = {fired, armed};
  snapshot.counts.lateness.Add(/*is_fired=*/true, seconds(1), seconds(1) + microseconds(40));
  snapshot.counts.ends[RunEnd::kLeaseLost] = 2;
  snapshot.probes.sent = 40;
  snapshot.probes.received = 39;
  return snapshot;
}

}  // namespace faultline
