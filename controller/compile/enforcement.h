#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/prefix_set.h"
#include "common/timeline.h"
#include "controller/compile/membership.h"

namespace faultline {

// One rule on one node, its sets not yet numbered.
struct NodeRule {
  std::size_t node = 0;
  Side side = Side::kReceiver;
  PrefixSet sources;
  PrefixSet destinations;
  // Empty: no exception.
  PrefixSet except_destinations;
};

// What it takes to act on the packets from one group to another.
struct Enforcement {
  // Receivers first, then senders, each in the fleet's order.
  std::vector<NodeRule> rules;
  // Members of `from` that should act on packets to hosts of `to` without an agent, but cannot.
  std::vector<std::size_t> unable;
};

// Who acts when either side could.
enum class Preference : std::uint8_t {
  // Where the packet arrives, if an agent is there.
  kReceivers,
  // Where it leaves, if every sender has an agent that can; else as above.
  kSenders,
};

// Pure. A rule between families (from IPv4 only to IPv6 only) could match nothing and is left out. `senders`: of every
// node of the fleet whether it can act on packets as they go out.
Enforcement Enforce(const Membership& from, const Membership& to, Preference preference,
                    const std::vector<bool>& senders);

}  // namespace faultline
