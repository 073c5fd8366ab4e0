#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/kernel/rt_socket.h"

struct nl_msg;

namespace faultline {

// A filter of a qdisc as the kernel has it. A value.
struct TcFilter {
  // 0: what the kernel lists before the filters of one kind, preference and protocol.
  std::uint32_t handle = 0;
  // Lower ones come first.
  std::uint16_t preference = 0;
  std::string kind;

  friend bool operator==(const TcFilter&, const TcFilter&) = default;
};

// Of one device and place, such as an end of clsact, in the kernel's order; empty when there is none such.
absl::StatusOr<std::vector<TcFilter>> ListFilters(RtSocket& socket, std::uint32_t device, std::uint32_t parent);

// Adds to a message about a filter of kind "basic" what it is to do: packets of this priority go through the device,
// with no priority any more; where they were they are no longer.
void PutPriorityDetour(nl_msg* message, std::uint32_t priority, std::uint32_t device);

}  // namespace faultline
