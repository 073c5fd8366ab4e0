#pragma once

#include <string>
#include <vector>

#include "controller/plan/plan.h"

namespace faultline {

// One direction of a step, by names of groups.
struct GroupEdge {
  std::string from;
  std::string to;
  // `to` is a service or others that have no security group: what is left are the outgoing rules of `from`.
  bool outgoing = false;
};

// Whether nothing but addresses is known of the group: no nodes, labels, other groups or draw.
bool OnlyAddresses(const Group& group);

// The edges of a step as security groups could cut them: none of a shape, nor of a group cut off from all the world.
std::vector<GroupEdge> SecurityGroupEdges(const Plan& plan, const Ends& ends);

}  // namespace faultline
