#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/step_lateness.h"
#include "controller/report/probe_totals.h"
#include "controller/run/active_run.h"

namespace faultline {

// What a coordinator is doing at one moment, and what it has seen since it was made; for metrics. A value.
struct CoordinatorStatus {
  // A step that acts now, by the plan.
  struct Fault {
    StepIndex index = 0;
    std::string step;
    Duration left{0};
  };
  // A run that is not over.
  struct Run {
    std::string id;
    std::string plan;
    RunPhase phase = RunPhase::kWaiting;
    // Until its end by the plan; absent without a T0.
    std::optional<Duration> left;
    // Empty when every node has told how it ended there.
    std::vector<Fault> faults;
    // Nodes that were sent a part and have not told how it ended; and of them those whose session is down.
    int nodes = 0;
    int gone = 0;
  };
  std::vector<Run> runs;
  // Runs that were over.
  std::map<v1::Outcome, std::uint64_t> ended;
  // On all nodes.
  StepLateness lateness;
  std::map<ProbeTotals::Pair, ProbeTotals::Total> probes;
};

}  // namespace faultline
