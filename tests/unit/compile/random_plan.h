#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "controller/compile/inventory.h"
#include "controller/plan/plan.h"

namespace faultline::testing_support {

// A plan and a fleet made from a seed, and by construction who is in which group: region r is 10.r.0.0/16 and
// fd00:r::/32, and group "g<r>" is made of it and of nodes that live there.
struct RandomCase {
  Plan plan;
  Inventory inventory;
  // Names of the nodes that a group asks for by name, glob or label.
  std::map<std::string, std::set<std::string>> chosen;
  // Hosts without an agent.
  std::vector<IpAddress> strangers;
  // Of each step whether its filter, all but the spared addresses, is about UDP packets of open connections from and to
  // port 7401.
  std::vector<bool> covers_probes;
};

RandomCase MakeRandomCase(std::uint32_t seed);

}  // namespace faultline::testing_support
