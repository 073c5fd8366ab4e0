#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/name.h"
#include "common/prefix.h"

namespace faultline {

// A node as plans see it. Only connected nodes are in an inventory.
struct InventoryNode {
  NodeName name;
  // Global-scope addresses, in the node's own order.
  std::vector<IpAddress> addresses;
  std::map<std::string, std::string> labels;
  // Whether its kernel can swallow packets on their way out (egress hook and blackhole lane).
  bool can_blackhole = false;

  friend bool operator==(const InventoryNode&, const InventoryNode&) = default;
};

// The fleet at one moment, by name. A value.
struct Inventory {
  std::vector<InventoryNode> nodes;
};

}  // namespace faultline
