#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/prefix.h"
#include "controller/guard/host_work.h"
#include "controller/guard/stop_signal.h"

namespace faultline {

// The addresses a host name stands for, as this host resolves it (getaddrinfo: its hosts file, its DNS), sorted; an
// address is its own. Waits at most `timeout`; a resolver that takes longer is left to itself. NOT_FOUND,
// DEADLINE_EXCEEDED and others name the name.
absl::StatusOr<std::vector<IpAddress>> LookUpName(const std::string& name, Duration timeout);

// Every name in turn, each within `timeout`. The first error; CANCELLED when `stop` is raised before the last.
absl::StatusOr<LookedUp> LookUpNames(const std::vector<std::string>& names, Duration timeout, const StopSignal& stop);

}  // namespace faultline
