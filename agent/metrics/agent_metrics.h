#pragma once

#include <optional>
#include <string>

#include "agent/metrics/engine_tally.h"
#include "agent/observe/prober.h"
#include "agent/timeline/engine_status.h"
#include "common/clock.h"
#include "common/metrics/families.h"
#include "common/name.h"

namespace faultline {

// An agent at the moment at which it is asked for its metrics. A value.
struct AgentSnapshot {
  std::string version;
  std::string kernel_release;
  NodeName node;
  // Whether the controller has it registered.
  bool registered = false;
  // Of the clock exchange that counts; absent before the first.
  std::optional<Duration> round_trip;
  EngineStatus engine;
  EngineTally::Counts counts;
  ProberStatus probes;
};

// What the agent shows, as docs/METRICS.md explains it. Pure.
Families AgentMetrics(const AgentSnapshot& snapshot);

}  // namespace faultline
