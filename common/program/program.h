#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/clock.h"
#include "common/name.h"
#include "common/prefix_set.h"
#include "common/timeline.h"

namespace faultline {

// One endpoint whose packets no fault may touch, such as the controller's or a DNS server.
struct ProtectedEndpoint {
  IpAddress address;
  std::uint16_t port = 0;
  // TCP or UDP.
  Protocol protocol = Protocol::kTcp;

  friend bool operator==(const ProtectedEndpoint&, const ProtectedEndpoint&) = default;
};

// Traffic that is returned before any gate, in both directions. Link-local services, DHCP, IPv6
// neighbour discovery, NTP and SSH are always among it: the encoder adds them.
struct Protected {
  // Remote addresses, any protocol.
  PrefixSet remotes;
  // What goes to, and comes from, these endpoints, wherever they are: on this node or another one, whose packets this
  // one may forward.
  std::vector<ProtectedEndpoint> endpoints;
  // TCP and UDP ports, on either side.
  std::vector<std::uint16_t> ports;

  friend bool operator==(const Protected&, const Protected&) = default;
};

// How an impairment is carried out.
enum class LaneKind : std::uint8_t {
  // By netem behind a tbf that splits aggregates.
  kNetem,
  // By tbf alone, on kernels without netem: only Impairment::OnlyRate.
  kRate,
  // By a rule with random numbers, behind a lane that only splits aggregates, on kernels without netem: only
  // Impairment::OnlyLoss, and only of incoming packets.
  kLossByRule,
};

// Everything one run puts into one node's kernel, as a value: what agent/kernel installs, inert. In nft terms: the
// run's base chains on `devices`, in them returns of packets that no rule asks for (OutlinesOf) and of those that are
// protected and, for each step with rules, a jump behind the step's gate; a regular chain for each step and direction;
// the prefix sets. Beside them, a lane for each impairment and direction.
//
// Of steps that act on the same packet at the same time a block wins over an impairment, of any run; of two impairments
// of one run the one that comes first in `steps` wins, of two runs the one installed later.
struct Program {
  struct StepRules {
    StepIndex index = 0;
    // An impairment is as it is when the step begins.
    Effect effect;
    PacketFilter filter;
    // Packets acted on as they come in.
    std::vector<Match> incoming;
    // Packets acted on as they go out.
    std::vector<Match> outgoing;
    // Of an impairment.
    LaneKind lane = LaneKind::kNetem;
    // For netem's random numbers; absent: the kernel's own choice.
    std::optional<std::uint64_t> seed;

    bool Impairs() const { return std::holds_alternative<Impairment>(effect); }
    friend bool operator==(const StepRules&, const StepRules&) = default;
  };

  RunId run;
  // Interfaces whose packets are looked at; never "lo"; empty only when no step has rules.
  std::vector<std::string> devices;
  Protected protect;
  std::vector<PrefixSet> prefix_sets;
  // Only steps with rules: first those that block, by their start, then those that impair, later ones before those they
  // overlap. Packets meet the gates in this order, and each gate as it is at that moment; so when one switch closes a
  // step and opens one further on, no packet finds both closed.
  std::vector<StepRules> steps;
  // Bytes that the packets waiting in all lanes of this run may take; a lane's queue is cut to its part of it.
  std::uint64_t lane_memory = kDefaultLaneMemory;
  // There is no egress hook: what goes out is chosen after routing, by a priority, and goes through its lane at the
  // device's clsact (docs/decisions/0015). What of it does not pass this namespace's IP is not acted on.
  bool egress_by_clsact = false;

  static constexpr std::uint64_t kDefaultLaneMemory = std::uint64_t{256} << 20;

  friend bool operator==(const Program&, const Program&) = default;
};

}  // namespace faultline
