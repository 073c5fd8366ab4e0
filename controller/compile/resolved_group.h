#pragma once

#include <string>
#include <vector>

#include "common/prefix_set.h"
#include "controller/compile/membership.h"

namespace faultline {

// Who a group, or a part that was drawn, is in one fleet; for people and for the record. A value.
struct ResolvedGroup {
  std::string name;
  // Its nodes, by name; of a ring in its order.
  std::vector<std::string> nodes;
  PrefixSet cidrs;
  // Whether hosts without an agent may be in it.
  bool beyond_agents = false;

  friend bool operator==(const ResolvedGroup&, const ResolvedGroup&) = default;
};

ResolvedGroup Resolved(const Membership& membership, const NodeIndex& fleet);

}  // namespace faultline
