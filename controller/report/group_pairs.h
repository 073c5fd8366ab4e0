#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "faultline/v1/run.pb.h"

namespace faultline {

// One direction between two sets of nodes with none in common. A value.
struct GroupPair {
  std::string from;
  std::string to;
  // By name; never empty.
  std::vector<std::string> senders;
  std::vector<std::string> receivers;

  friend bool operator==(const GroupPair&, const GroupPair&) = default;
};

// Both directions between every two of these sets that have nodes, and none in common; in the order of `groups`. Sets
// of the same name count once. Of more than `most` pairs only some are given, but more than `most`. Pure.
std::vector<GroupPair> PairsOf(const std::vector<v1::GroupMembers>& groups,
                               std::size_t most = std::numeric_limits<std::size_t>::max());

// Those of the groups in a run's record.
std::vector<GroupPair> GroupPairsOf(const v1::Run& run, std::size_t most = std::numeric_limits<std::size_t>::max());

}  // namespace faultline
