#include "controller/compile/grudge.h"

#include <variant>

namespace faultline {
namespace {

std::vector<std::string> GroupsOf(const OneWay& one_way) { return {one_way.from, one_way.to}; }
std::vector<std::string> GroupsOf(const Between& between) { return between.groups; }

std::size_t CountEdges(const OneWay& /*one_way*/) { return 1; }
std::size_t CountEdges(const Between& between) {
  const std::size_t groups = between.groups.size();
  return groups == 0 ? 0 : groups * (groups - 1);
}

std::vector<Edge> Edges(const OneWay& one_way, const GroupIndex& index) {
  return {{index.find(one_way.from)->second, index.find(one_way.to)->second}};
}

std::vector<Edge> Edges(const Between& between, const GroupIndex& index) {
  std::vector<std::size_t> groups;
  for (const std::string& name : between.groups) groups.push_back(index.find(name)->second);
  std::vector<Edge> edges;
  edges.reserve(CountEdges(between));
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

std::vector<std::string> UnknownGroups(const Ends& ends, const GroupIndex& index) {
  std::vector<std::string> groups = std::visit([](const auto& one) { return GroupsOf(one); }, ends);
  std::erase_if(groups, [&index](const std::string& name) { return index.contains(name); });
  return groups;
}

std::size_t EdgeCount(const Ends& ends) {
  return std::visit([](const auto& one) { return CountEdges(one); }, ends);
}

std::vector<Edge> EdgesOf(const Ends& ends, const GroupIndex& index) {
  return std::visit([&index](const auto& one) { return Edges(one, index); }, ends);
}

}  // namespace faultline
