#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/prefix_set.h"
#include "controller/compile/inventory.h"

namespace faultline {

// An inventory made ready for many questions. Nodes are known by their position in name order. Immutable, so any
// thread may ask.
class NodeIndex {
 public:
  explicit NodeIndex(const Inventory& inventory);

  const std::vector<InventoryNode>& nodes() const { return nodes_; }
  const std::vector<std::string>& names() const { return names_; }
  std::optional<std::size_t> Find(absl::string_view name) const;
  // The addresses that are this node's alone.
  const PrefixSet& OwnAddresses(std::size_t node) const { return own_[node]; }
  // Every address that more than one node holds, and how many do.
  const std::map<IpAddress, std::size_t>& shared() const { return shared_; }

 private:
  std::vector<InventoryNode> nodes_;
  std::vector<std::string> names_;
  std::vector<PrefixSet> own_;
  std::map<IpAddress, std::size_t> shared_;
};

}  // namespace faultline
