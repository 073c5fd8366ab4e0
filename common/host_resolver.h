#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/prefix.h"

namespace faultline {

// The addresses a host name stands for, each once and sorted, by c-ares: from /etc/hosts and the servers of
// /etc/resolv.conf, in the order of /etc/nsswitch.conf, and by no module of the host's C library (NSS). An address is
// its own. Waits at most `timeout`. Any thread. NOT_FOUND, DEADLINE_EXCEEDED and others name the name.
absl::StatusOr<std::vector<IpAddress>> ResolveHost(const std::string& name, Duration timeout);

}  // namespace faultline
