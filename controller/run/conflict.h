#pragma once

#include <map>
#include <set>
#include <string>

#include "common/name.h"

namespace faultline {

// The nodes that two runs would both act on, by the other run's id.
using Conflicts = std::map<std::string, std::set<NodeName>>;

// "run split-3 acts on lon-1 and par-1; run flap-1 acts on lon-2", at most kMostNamed nodes of each by name. REQUIRES:
// there is one.
inline constexpr std::size_t kMostNamed = 5;
std::string Describe(const Conflicts& conflicts);

}  // namespace faultline
