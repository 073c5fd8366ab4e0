#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/kernel/kernel.h"
#include "common/clock.h"
#include "common/name.h"
#include "common/timeline.h"

namespace faultline {

// What an engine holds at one moment; for metrics. A value.
struct EngineStatus {
  // A step in which the node has a part.
  struct Step {
    StepIndex index = 0;
    std::string name;
    // Until its end, if its run goes on; absent when it is not active.
    std::optional<Duration> left;
    // Until the kernel itself closes its gate, unless renewed; absent when it is closed, as between two phases of a
    // flap.
    std::optional<Duration> gate_left;
    // Absent when its run was not fired, or the kernel did not tell.
    std::optional<RuleCounters> counters;
  };
  struct Run {
    RunId id;
    bool fired = false;
    // How long it outlives its last renewal, and how much of that is left.
    Duration lease{0};
    Duration lease_left{0};
    std::vector<Step> steps;
  };
  std::vector<Run> runs;
  // Something of a run that is over is left in the kernel.
  bool residue = false;
};

}  // namespace faultline
