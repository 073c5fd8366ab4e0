#pragma once

#include <string>

#include "agent/kernel/standing_faults.h"
#include "agent/local_client.h"

namespace faultline {

// What `faultline-agent status` shows: what this node's kernel has of us, as the kernel says it, and what the agent
// adds if there is one that answers. Pure.
struct NodeStatus {
  LocalAgent agent;
  StandingFaults kernel;
};

// In lines: "run split-1 on eth0: heals by itself in 11.2 s, enforced by the kernel". Ends with how to end what is
// there.
std::string StatusText(const NodeStatus& status);

// {"agent": {"state": "answers", …}, "runs": […], "devices": […]}; docs/SAFETY.md has an example.
std::string StatusJson(const NodeStatus& status);

}  // namespace faultline
