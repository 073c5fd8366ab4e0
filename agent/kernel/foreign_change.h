#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "agent/kernel/kernel.h"

namespace faultline {

// By which numbers the kernel knows our netlink sockets, of netfilter and of routing: what they ask for is our own.
struct NetlinkPorts {
  std::uint32_t netfilter = 0;
  std::uint32_t route = 0;
};

// What somebody else did to tables of ours, by a datagram of nf_tables' notifications; nothing of what is of another
// table, our own doing or the kernel's. Any bytes may be given, aligned as messages are.
std::vector<ForeignChange> ReadNftNotices(std::span<const std::uint8_t> datagram, const NetlinkPorts& own);

// What somebody else did to devices and qdiscs, by a datagram of rtnetlink's notifications; which devices are ours the
// reader does not know (Kernel::Concerns does). A device's removal is told whoever asked for it: kernels before 6.2 do
// not say. Any bytes, as above.
std::vector<ForeignChange> ReadRouteNotices(std::span<const std::uint8_t> datagram, const NetlinkPorts& own);

// The same without what follows from the rest: what is told twice, and whatever is in a table that was deleted.
std::vector<ForeignChange> Condense(std::vector<ForeignChange> changes);

}  // namespace faultline
