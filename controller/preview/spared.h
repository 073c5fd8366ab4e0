#pragma once

#include <span>
#include <string>
#include <vector>

#include "common/timeline.h"

namespace faultline {

// Which kinds of traffic that no fault ever touches a step would touch otherwise: "SSH (tcp/22)", "DHCP (udp/67, 68,
// 546, 547)", "time service (udp/123)", "IPv6 neighbour discovery", "link-local services (169.254.0.0/16,
// fd00:ec2::/32)". By the rules of all nodes; what a node's agent adds, its DNS servers and its own `protect:`, is not
// known here.
std::vector<std::string> SparedBy(StepIndex step, std::span<const Timeline> timelines);

}  // namespace faultline
