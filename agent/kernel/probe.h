#pragma once

#include "absl/status/statusor.h"
#include "agent/kernel/kernel.h"
#include "agent/kernel/nl_conversation.h"
#include "agent/kernel/rt_socket.h"

namespace faultline {

// Whether tables can have an owner (Linux >= 5.12), found by making and deleting a throw-away table
// in one batch. An error when nf_tables cannot be used at all.
absl::StatusOr<bool> ProbeTableOwner(NlConversation& conversation);

// Tries everything but the owner flag: hooks without rules on the loopback device, in tables that
// are deleted in the batch that makes them, and a lane of its own. Nothing is left. A feature that
// the kernel refuses is false; an error when it refuses for want of permission, or cannot be asked.
// `table_owner` is left false.
absl::StatusOr<KernelCapabilities> ProbeKernel(NlConversation& conversation, RtSocket& socket);

}  // namespace faultline
