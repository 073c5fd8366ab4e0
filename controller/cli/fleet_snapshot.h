#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "controller/cli/caller.h"
#include "faultline/v1/control.pb.h"

namespace faultline {

// What a controller says of its fleet at one moment. A value.
struct FleetSnapshot {
  v1::ListNodesResponse nodes;
  v1::GetMatrixResponse matrix;
  // The runs that are not over, the oldest first.
  std::vector<v1::GetRunResponse> runs;
};

// Asks for it, call by call; the first error. `runs`: whether to ask for runs too.
absl::StatusOr<FleetSnapshot> AskFleet(Caller& caller, bool runs);

}  // namespace faultline
