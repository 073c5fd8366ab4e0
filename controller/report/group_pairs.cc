#include "controller/report/group_pairs.h"

#include <algorithm>
#include <set>

namespace faultline {
namespace {

using Names = std::vector<std::string>;

struct Sorted {
  std::string name;
  Names nodes;
};

std::vector<Sorted> SortedGroups(const std::vector<v1::GroupMembers>& groups) {
  std::vector<Sorted> sorted;
  std::set<std::string> names;
  for (const v1::GroupMembers& group : groups) {
    if (group.nodes().empty() || !names.insert(group.name()).second) continue;
    const std::set<std::string> nodes(group.nodes().begin(), group.nodes().end());
    sorted.push_back({.name = group.name(), .nodes = {nodes.begin(), nodes.end()}});
  }
  return sorted;
}

bool HaveCommon(const Names& a, const Names& b) {
  Names common;
  std::ranges::set_intersection(a, b, std::back_inserter(common));
  return !common.empty();
}

}  // namespace

std::vector<GroupPair> PairsOf(const std::vector<v1::GroupMembers>& groups, std::size_t most) {
  const std::vector<Sorted> sorted = SortedGroups(groups);
  std::vector<GroupPair> pairs;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    for (std::size_t j = i + 1; j < sorted.size(); ++j) {
      const Sorted& a = sorted[i];
      const Sorted& b = sorted[j];
      if (HaveCommon(a.nodes, b.nodes)) continue;
      if (pairs.size() > most) return pairs;
      pairs.push_back({.from = a.name, .to = b.name, .senders = a.nodes, .receivers = b.nodes});
      pairs.push_back({.from = b.name, .to = a.name, .senders = b.nodes, .receivers = a.nodes});
    }
  }
  return pairs;
}

std::vector<GroupPair> GroupPairsOf(const v1::Run& run, std::size_t most) {
  return PairsOf({run.groups().begin(), run.groups().end()}, most);
}

}  // namespace faultline
