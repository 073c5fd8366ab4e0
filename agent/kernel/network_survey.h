#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/kernel/kernel.h"

namespace faultline {

// What of a network namespace faults have to share it with, whoever put it there. A value.
struct NetworkSurvey {
  struct Device {
    // The kernel's number for it.
    int index = 0;
    std::string name;
    // Bears our marks: one of a run's lanes.
    bool ours = false;
    // A program sees its packets before every hook (XDP).
    bool xdp = false;
    // The kind of its root qdisc: "mq"; empty when it has none.
    std::string root_qdisc;
    // The kinds of all its qdiscs, the root one's too, without repetition.
    std::vector<std::string> qdiscs;
    // It has tc filters that see its packets before nftables' hooks of it, on their way in.
    bool filtered = false;
    // Another program has what faults at the sender need where there is no egress hook: clsact's place, with a qdisc
    // ingress, or at clsact the preference of our filters.
    bool detour_taken = false;
  };
  // A chain of nftables, also of what iptables-nft has made.
  struct Chain {
    // "netdev", "inet", "ip", "ip6", "arp" or "bridge".
    std::string family;
    std::string table;
    std::string name;
    // In one of our tables.
    bool ours = false;
    // Of a chain that packets come by themselves to: "ingress", "egress", "prerouting" and the like; else empty.
    std::string hook;
    // Of such a chain: lower ones come first.
    std::int32_t priority = 0;
    // At an interface's hook: whose packets.
    std::vector<std::string> devices;
  };

  // By number.
  std::vector<Device> devices;
  // As the kernel lists them.
  std::vector<Chain> chains;
  // That could carry faults.
  std::vector<Interface> usable;
};

// Asks the kernel of the calling thread's namespace; changes nothing. ABORTED when others changed it all the while,
// RESOURCE_EXHAUSTED when there are more than 100 000 chains or devices, PERMISSION_DENIED without CAP_NET_ADMIN.
absl::StatusOr<NetworkSurvey> SurveyNetwork();

}  // namespace faultline
