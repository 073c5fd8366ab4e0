#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/kernel/kernel.h"
#include "agent/kernel/rt_socket.h"

struct rtnl_link;

namespace faultline {

// Whether a link is one of ours: an ifb named "fl<n>" that carries our alias.
bool IsOurs(rtnl_link* link);

// Interfaces that could carry faults, by interface index: up, not loopback, not ours, with at least
// one global-scope address. Of the addresses, tentative and duplicate ones are left out (nothing
// can arrive there), and so is 169.254.0.0/16. Temporary and deprecated ones stay: packets come and
// go by them.
absl::StatusOr<std::vector<Interface>> ListInterfaces(RtSocket& socket);

// NOT_FOUND when there is no interface of this name.
absl::Status CheckInterface(RtSocket& socket, const std::string& name);

}  // namespace faultline
