#include "controller/compile/node_index.h"

#include <algorithm>
#include <set>

namespace faultline {
namespace {

std::map<IpAddress, std::size_t> SharedAddresses(const std::vector<InventoryNode>& nodes) {
  std::map<IpAddress, std::size_t> holders;
  for (const InventoryNode& node : nodes) {
    const std::set<IpAddress> addresses(node.addresses.begin(), node.addresses.end());
    for (const IpAddress& address : addresses) ++holders[address];
  }
  std::erase_if(holders, [](const auto& entry) { return entry.second < 2; });
  return holders;
}

}  // namespace

NodeIndex::NodeIndex(const Inventory& inventory) : nodes_(inventory.nodes) {
  std::sort(nodes_.begin(), nodes_.end(),
            [](const InventoryNode& a, const InventoryNode& b) { return a.name < b.name; });
  shared_ = SharedAddresses(nodes_);
  for (const InventoryNode& node : nodes_) {
    names_.push_back(node.name.text());
    std::vector<Prefix> own;
    for (const IpAddress& address : node.addresses) {
      if (!shared_.contains(address)) own.emplace_back(address);
    }
    own_.emplace_back(std::move(own));
  }
}

std::optional<std::size_t> NodeIndex::Find(absl::string_view name) const {
  const auto found =
      std::lower_bound(names_.begin(), names_.end(), name,
                       [](const std::string& a, absl::string_view b) { return absl::string_view(a) < b; });
  if (found == names_.end() || absl::string_view(*found) != name) return std::nullopt;
  return static_cast<std::size_t>(found - names_.begin());
}

}  // namespace faultline
