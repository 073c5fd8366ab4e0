#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/capability.h"
#include "common/name.h"
#include "common/prefix.h"

namespace faultline {

// A node as plans see it. Only connected nodes are in an inventory.
struct InventoryNode {
  NodeName name;
  // Global-scope addresses, in the node's own order.
  std::vector<IpAddress> addresses;
  // By which interface it has each; one that is missing is not known.
  std::map<IpAddress, std::string> interfaces;
  std::map<std::string, std::string> labels;
  // What its kernel can do.
  CapabilitySet has;
  // For advice on what it cannot.
  Platform platform;

  friend bool operator==(const InventoryNode&, const InventoryNode&) = default;
};

// The fleet at one moment, by name. A value.
struct Inventory {
  std::vector<InventoryNode> nodes;
};

}  // namespace faultline
