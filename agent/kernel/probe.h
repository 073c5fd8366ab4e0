#pragma once

#include "absl/status/statusor.h"
#include "agent/kernel/nl_conversation.h"
#include "agent/kernel/rt_socket.h"
#include "common/capability.h"

namespace faultline {

// Whether tables can have an owner (Linux >= 5.12), found by making and deleting a throw-away table
// in one batch. An error when nf_tables cannot be used at all.
absl::StatusOr<bool> ProbeTableOwner(NlConversation& conversation);

// Tries everything but the owner flag, which is left out of the answer. In a network namespace of its own, which goes
// with the call, where the process may make one (CAP_SYS_ADMIN); otherwise in that of the sockets: hooks on the
// loopback device and rules in tables that are deleted in the batch that makes them, so that no packet ever meets one,
// and lanes to which nothing is sent. There connection tracking is on for as long as that batch takes. Nothing is left.
// What the kernel refuses is not in the answer; an error when it refuses for want of permission, or cannot be asked.
absl::StatusOr<CapabilitySet> ProbeKernel(NlConversation& conversation, RtSocket& socket);

// Whether clsact can stand in for the egress hook, tried by devices and tables of the sockets' namespace that go with
// the call; also where there is a hook.
absl::StatusOr<bool> ProbeClsact(NlConversation& conversation, RtSocket& socket);

// Tries everything, the owner flag too, in a network namespace made for it, and nowhere else: what is here is not
// touched, whoever uses it. May load modules, as a run would. PERMISSION_DENIED where no namespace can be made
// (CAP_SYS_ADMIN); other errors as above.
absl::StatusOr<CapabilitySet> ProbeApart();

}  // namespace faultline
