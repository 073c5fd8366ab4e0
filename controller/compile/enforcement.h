#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "common/prefix_set.h"
#include "common/timeline.h"
#include "controller/compile/membership.h"
#include "controller/compile/node_index.h"

namespace faultline {

// One block on one node, its sets not yet numbered.
struct NodeRule {
  std::size_t node = 0;
  Hook hook = Hook::kReceiverIngress;
  PrefixSet sources;
  PrefixSet destinations;
  // Empty: no exception.
  PrefixSet except_destinations;
};

// What it takes that `to` does not hear `from`.
struct Enforcement {
  // Receivers first, then senders, each in the fleet's order.
  std::vector<NodeRule> rules;
  // Members of `from` that should swallow packets to hosts of `to` without an agent, but whose kernels cannot.
  std::vector<std::size_t> unable;
};

// Pure. A rule between families (from IPv4 only to IPv6 only) could match nothing and is left out.
Enforcement Enforce(const Membership& from, const Membership& to, const NodeIndex& fleet);

}  // namespace faultline
