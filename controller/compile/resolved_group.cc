#include "controller/compile/resolved_group.h"

namespace faultline {

ResolvedGroup Resolved(const Membership& membership, const NodeIndex& fleet) {
  ResolvedGroup group = {
      .name = membership.name, .nodes = {}, .cidrs = membership.cidrs, .beyond_agents = membership.beyond_agents};
  for (const Member& member : membership.members) group.nodes.push_back(fleet.names()[member.node]);
  return group;
}

}  // namespace faultline
