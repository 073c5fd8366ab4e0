#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "absl/container/btree_set.h"
#include "common/name.h"

namespace faultline {

// Who probes whom: of each node its peers. Always mutual.
using ProbePeers = absl::btree_set<NodeName>;
using ProbePairs = std::map<NodeName, ProbePeers>;

// Nodes that are alike in some respect: a region's, or a group's of a plan.
using NodeGroup = std::set<NodeName>;

// Pairs of nodes between any two groups that a sample has at least, and within each, as far as there are so many.
inline constexpr std::size_t kFewestPairs = 3;

// Draws by `seed` who probes whom in a fleet too large for everybody to probe everybody. Every node has at most
// `most_peers` peers and, where the fleet allows it, no less than four fifths of that; no two groups of one of the
// `partings` are without kFewestPairs pairs, while their members have peers left to give. Groups need not be disjoint,
// nor hold every node; later partings come first. It depends on nothing but the arguments, and a node that comes or
// goes changes little for the others. Pure. REQUIRES: no two nodes are equal, most_peers > 0.
ProbePairs SampleProbes(std::span<const NodeName> nodes, std::span<const std::vector<NodeGroup>> partings,
                        std::size_t most_peers, std::uint64_t seed);

}  // namespace faultline
