#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/kernel/lane.h"
#include "agent/kernel/rt_socket.h"

namespace faultline {

// How packets get into lanes on their way out where nftables has no egress hook: it gives them a lane's priority
// (common/program/lane_priority.h), and a filter at the interface's clsact sends what has it through the lane. From
// there they come back to the interface with priority 0, and pass clsact once more. Other programs' filters see them
// only then, and the first action that one of these asks for is passed over (net/sched/act_api.c, tcf_action_exec).
//
// A clsact that is not there is made, and goes with the last filter of ours, unless somebody else has filters in it by
// then; one that was there stays. Making or deleting it stops the interface for a moment (docs/decisions/0015).

// Before all others. The upper half of their handles is the first in a clsact that was made for them, else the second.
inline constexpr std::uint16_t kDetourPreference = 1;
inline constexpr std::uint32_t kDetourMade = 0xfa170000;
inline constexpr std::uint32_t kDetourGuest = 0xfa160000;

// By which a filter at clsact is known as ours.
bool IsDetour(absl::string_view kind, std::uint16_t preference, std::uint32_t handle);
// The head of the list that ours are in, as the kernel lists it before them.
bool IsDetourHead(absl::string_view kind, std::uint16_t preference, std::uint32_t handle);
// Of one that is: that its clsact is ours as well.
inline bool IsOfOurClsact(std::uint32_t handle) { return (handle & 0xffff0000) == kDetourMade; }

// Has an interface's packets with the lanes' priorities go through them; OK when they do already. FAILED_PRECONDITION
// where somebody else has a qdisc ingress, in whose place clsact would be, or a filter of preference 1. On an error
// those before it are there. `name`: for errors.
absl::Status AddDetours(RtSocket& socket, std::uint32_t device, const std::string& name, std::span<const Lane> lanes);

// Takes them away. OK when there is none, or no such interface.
absl::Status DeleteDetours(RtSocket& socket, std::uint32_t device, std::span<const Lane> lanes);

// Of every interface, whoever made them.
absl::Status DeleteAllDetours(RtSocket& socket);
// The numbers of interfaces that have any.
absl::StatusOr<std::vector<std::uint32_t>> ListDetoured(RtSocket& socket);

}  // namespace faultline
