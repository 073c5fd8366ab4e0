#include "controller/compile/grudge.h"

#include <variant>

namespace faultline {
namespace {

std::vector<std::string> GroupsOf(const BlockFault& block) { return {block.from, block.to}; }
std::vector<std::string> GroupsOf(const PartitionFault& partition) { return partition.groups; }

std::size_t CountEdges(const BlockFault& /*block*/) { return 1; }
std::size_t CountEdges(const PartitionFault& partition) {
  const std::size_t groups = partition.groups.size();
  return groups == 0 ? 0 : groups * (groups - 1);
}

std::vector<Edge> Edges(const BlockFault& block, const GroupIndex& index) {
  return {{index.find(block.from)->second, index.find(block.to)->second}};
}

std::vector<Edge> Edges(const PartitionFault& partition, const GroupIndex& index) {
  std::vector<std::size_t> groups;
  for (const std::string& name : partition.groups) groups.push_back(index.find(name)->second);
  std::vector<Edge> edges;
  edges.reserve(CountEdges(partition));
  for (std::size_t from = 0; from < groups.size(); ++from) {
    for (std::size_t to = 0; to < groups.size(); ++to) {
      if (from != to) edges.push_back({groups[from], groups[to]});
    }
  }
  return edges;
}

}  // namespace

GroupIndex IndexGroups(const Plan& plan) {
  GroupIndex index;
  for (const auto& [name, group] : plan.groups) index.emplace(name, index.size());
  return index;
}

std::vector<std::string> UnknownGroups(const Fault& fault, const GroupIndex& index) {
  std::vector<std::string> groups = std::visit([](const auto& one) { return GroupsOf(one); }, fault);
  std::erase_if(groups, [&index](const std::string& name) { return index.contains(name); });
  return groups;
}

std::size_t EdgeCount(const Fault& fault) {
  return std::visit([](const auto& one) { return CountEdges(one); }, fault);
}

std::vector<Edge> EdgesOf(const Fault& fault, const GroupIndex& index) {
  return std::visit([&index](const auto& one) { return Edges(one, index); }, fault);
}

}  // namespace faultline
