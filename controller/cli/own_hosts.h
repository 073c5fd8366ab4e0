#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/prefix.h"

namespace faultline {

// Under which names and addresses this host can be dialled, as far as it knows itself: its name, localhost, and the
// addresses of its interfaces but for link-local ones. Not those that a cloud or a router maps to it. Errors of the
// operating system.
absl::StatusOr<std::vector<std::string>> OwnHosts();

// The same of a host with this name and these addresses, each once: an empty name is left out.
std::vector<std::string> HostsOf(const std::string& name, const std::vector<IpAddress>& addresses);

}  // namespace faultline
