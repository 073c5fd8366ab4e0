#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "controller/guard/host_work.h"
#include "controller/guard/stop_signal.h"

namespace faultline {

// The addresses of every name in turn (common/host_resolver.h), each within `timeout`. The first error; CANCELLED when
// `stop` is raised before the last.
absl::StatusOr<LookedUp> LookUpNames(const std::vector<std::string>& names, Duration timeout, const StopSignal& stop);

}  // namespace faultline
