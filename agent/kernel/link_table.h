#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/kernel/kernel.h"
#include "agent/kernel/rt_socket.h"

struct rtnl_link;

namespace faultline {

// By which a link is known as ours.
struct LinkTraits {
  absl::string_view name;
  // "ifb"; empty: hardware.
  absl::string_view kind;
  std::optional<absl::string_view> alias;
  bool up = false;
  std::uint32_t mtu = 0;
};

// Whether a link is one of ours: an ifb named "fl<n>" or a macvlan named "fl<n>s" that carries our alias, or is so new
// that it has none: down, and with kLaneMtu.
bool IsOurs(const LinkTraits& link);
bool IsOurs(rtnl_link* link);

// Bytes of the largest packet that may come from or go to a device of the namespace, up or not, with its link header
// and two VLAN tags: by the largest MTU of those that are neither loopback nor ours. At least an Ethernet's.
absl::StatusOr<std::uint32_t> LargestFrame(RtSocket& socket);

// Interfaces that could carry faults, by interface index: up, not loopback, not ours, with at least
// one global-scope address. Of the addresses, tentative and duplicate ones are left out (nothing
// can arrive there), and so is 169.254.0.0/16. Temporary and deprecated ones stay: packets come and
// go by them.
absl::StatusOr<std::vector<Interface>> ListInterfaces(RtSocket& socket);

// A device that faults are to act on.
struct Device {
  std::uint32_t index = 0;
  // The name of the one of those asked for that this one lies on, and whose hooks see all of its packets: of a VLAN or
  // a macvlan. Two VLANs below, packets do not look like IP: that one does not count. Empty when there is none.
  std::string lower;
};

// Those of `names` that are there, by name.
absl::StatusOr<std::map<std::string, Device>> FindDevices(RtSocket& socket, std::span<const std::string> names);

}  // namespace faultline
