#include "controller/preview/security_group_edges.h"

namespace faultline {
namespace {

// Of a cloud's service, or of a managed endpoint: nobody has rules of its own there.
bool IsService(const Plan& plan, const std::string& name, bool blackhole) {
  const auto found = plan.groups.find(name);
  if (found == plan.groups.end() || !OnlyAddresses(found->second)) return false;
  return blackhole || found->second.published || !found->second.dns.empty();
}

struct EdgesOf {
  const Plan& plan;

  GroupEdge Edge(const std::string& from, const std::string& to, bool blackhole = false) const {
    return {from, to, IsService(plan, to, blackhole)};
  }

  std::vector<GroupEdge> operator()(const OneWay& ends) const { return {Edge(ends.from, ends.to, ends.blackhole)}; }
  std::vector<GroupEdge> operator()(const Between& ends) const {
    std::vector<GroupEdge> edges;
    for (const std::string& from : ends.groups) {
      for (const std::string& to : ends.groups) {
        if (from != to) edges.push_back(Edge(from, to));
      }
    }
    return edges;
  }
  std::vector<GroupEdge> operator()(const Isolate& ends) const {
    if (!ends.from) return {};
    return {Edge(ends.group, *ends.from), Edge(*ends.from, ends.group)};
  }
  std::vector<GroupEdge> operator()(const Shape& /*shape*/) const { return {}; }
};

}  // namespace

bool OnlyAddresses(const Group& group) {
  return (!group.cidrs.empty() || !group.dns.empty()) && group.nodes.empty() && group.labels.empty() &&
         group.all.empty() && group.except.empty() && !group.draw;
}

std::vector<GroupEdge> SecurityGroupEdges(const Plan& plan, const Ends& ends) {
  return std::visit(EdgesOf{plan}, ends);
}

}  // namespace faultline
