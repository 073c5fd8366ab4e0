#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "agent/node_status.h"

namespace faultline {

// What root asks of a node on the node itself: none needs a configuration, certificates or a controller, and only what
// is about the agent needs one that lives; nothing is written to any disk.

struct HealOptions {
  // Where a running agent listens.
  std::string runtime;
  // Whether an agent that owns faults and does not answer may be killed, which is what heals then.
  bool may_kill = true;
};

// Ends every fault on this node and removes what is left of any. What was done, as a sentence. FAILED_PRECONDITION when
// an agent that does not answer owns the faults and may not be killed, or is not to be seen here; it says what to do.
absl::StatusOr<std::string> HealNode(const HealOptions& options);

// Gives the running agent real-time priority (agent/timeline/real_time.h). What was done, as a sentence. NOT_FOUND when
// no agent listens, FAILED_PRECONDITION when it may not be given or must not; it says why.
absl::StatusOr<std::string> MakeAgentRealTime(const std::string& runtime);

// Changes nothing. Of what the agent says its failure is a part; the kernel's is an error.
absl::StatusOr<NodeStatus> ReadNodeStatus(const std::string& runtime);

}  // namespace faultline
