#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/kernel/rt_socket.h"

namespace faultline {

// What marks a device as ours, beside its name "fl<n>" and its kind ifb.
inline constexpr char kLaneAlias[] = "faultline";

// A device of ours whose qdisc swallows every packet forwarded to it, telling the sender that it
// was sent.
struct BlackholeLane {
  std::string name;
  std::uint32_t index = 0;
};

// Makes the ifb device "fl<n>", n the first that is free, with the root qdisc "blackhole", and
// brings it up. On an error nothing is left. UNIMPLEMENTED or NOT_FOUND when the kernel has no ifb
// or no blackhole.
absl::StatusOr<BlackholeLane> MakeLane(RtSocket& socket);

// Deletes the device, if it still is ours. OK when it has gone.
absl::Status DeleteLane(RtSocket& socket, const BlackholeLane& lane);

// Deletes every device that is ours, whoever made it.
absl::Status DeleteAllLanes(RtSocket& socket);

}  // namespace faultline
