#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/name.h"
#include "common/prefix_set.h"
#include "common/timeline.h"

namespace faultline {

// One TCP endpoint whose packets no fault may touch, such as the controller's.
struct ProtectedEndpoint {
  IpAddress address;
  std::uint16_t port = 0;

  friend bool operator==(const ProtectedEndpoint&, const ProtectedEndpoint&) = default;
};

// Traffic that is returned before any gate, in both directions. Link-local services, DHCP, IPv6
// neighbour discovery and SSH are always among it: the encoder adds them.
struct Protected {
  // Remote addresses, any protocol.
  PrefixSet remotes;
  // TCP connections to these remote endpoints.
  std::vector<ProtectedEndpoint> endpoints;
  // TCP and UDP ports, on either side.
  std::vector<std::uint16_t> ports;

  friend bool operator==(const Protected&, const Protected&) = default;
};

// Everything one run puts into one node's kernel, as a value: what agent/kernel installs, inert, in
// one batch. In nft terms: the run's base chains on `devices`, in them the protected returns and,
// for each step with rules, a jump behind the step's gate; a regular chain for each step and
// direction; the prefix sets.
struct Program {
  struct StepRules {
    StepIndex index = 0;
    // Matches of packets dropped as they come in.
    std::vector<Match> ingress_drop;
    // Matches of packets swallowed as they go out.
    std::vector<Match> egress_blackhole;

    friend bool operator==(const StepRules&, const StepRules&) = default;
  };

  RunId run;
  // Interfaces whose packets are looked at; never "lo"; empty only when no step has rules.
  std::vector<std::string> devices;
  Protected protect;
  std::vector<PrefixSet> prefix_sets;
  // Only steps with rules, by their start. Packets meet the gates in this order, and each gate as it is at that moment;
  // so when one switch closes a step and opens a later one, no packet finds both closed.
  std::vector<StepRules> steps;

  // Whether a blackhole lane is needed.
  bool HasEgress() const;
  friend bool operator==(const Program&, const Program&) = default;
};

}  // namespace faultline
