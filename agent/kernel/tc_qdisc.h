#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/kernel/rt_socket.h"
#include "agent/kernel/tc_message.h"

namespace faultline {

// A qdisc as the kernel has it. A value.
struct Qdisc {
  // The device's index.
  std::uint32_t device = 0;
  std::uint32_t handle = 0;
  std::uint32_t parent = 0;
  std::string kind;
  // Of TCA_OPTIONS, as they are.
  std::string options;
  // That left it: packets as on the wire, bytes with link headers.
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  // That it, or a child, did not take. The kernel counts them in 32 bits.
  std::uint32_t dropped = 0;
  std::uint32_t waiting = 0;
};

// Sends a message and waits for its answer; an error names `operation`. NOT_FOUND when the kernel has no such qdisc.
absl::Status Send(RtSocket& socket, const TcMessage& message, const std::string& operation);
// Sends two messages as one, so that a process that dies has sent both or none. The kernel carries out the second even
// when it refuses the first; the error is the first one's, if it has one.
absl::Status SendBoth(RtSocket& socket, const TcMessage& first, const TcMessage& second, const std::string& operation);

// Of one device, in the kernel's order; an empty list when there is no such device.
absl::StatusOr<std::vector<Qdisc>> ListQdiscs(RtSocket& socket, std::uint32_t device);
// Of all devices.
absl::StatusOr<std::vector<Qdisc>> ListAllQdiscs(RtSocket& socket);

}  // namespace faultline
