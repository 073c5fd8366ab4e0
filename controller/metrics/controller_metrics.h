#pragma once

#include <string>
#include <vector>

#include "common/metrics/families.h"
#include "controller/run/coordinator_status.h"
#include "faultline/v1/control.pb.h"

namespace faultline {

// A controller at the moment at which it is asked for its metrics. A value.
struct ControllerSnapshot {
  std::string version;
  std::string kernel_release;
  // Every node known since the start, without its runs.
  std::vector<v1::Node> nodes;
  CoordinatorStatus runs;
};

// What the controller shows, as docs/METRICS.md explains it. Pure.
Families ControllerMetrics(const ControllerSnapshot& snapshot);

}  // namespace faultline
