#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "common/capability.h"
#include "common/clock.h"
#include "common/flap.h"
#include "common/impairment.h"
#include "common/name.h"
#include "common/packet_filter.h"
#include "common/prefix_set.h"
#include "common/ramp.h"

namespace faultline {

// A step's position in its plan.
using StepIndex = std::uint32_t;

// Packets by their ends; every present part must hold. Absent: no condition.
struct Match {
  std::optional<SetIndex> sources;
  std::optional<SetIndex> destinations;
  std::optional<SetIndex> except_destinations;

  friend bool operator==(const Match&, const Match&) = default;
};

// Where on its way a packet is acted on.
enum class Side : std::uint8_t {
  // As it enters the receiver: what happens there looks to both ends as if it had happened on the way.
  kReceiver,
  // As it leaves the sender. For receivers without an agent.
  kSender,
};

// One way between two ends, on one node.
struct Rule {
  Side side = Side::kReceiver;
  Match match;

  friend bool operator==(const Rule&, const Rule&) = default;
};

// Packets vanish, as at a true cut.
struct Drop {
  friend bool operator==(const Drop&, const Drop&) = default;
};

// The sender is told: TCP by a reset, all else by ICMP "administratively prohibited".
struct Reject {
  friend bool operator==(const Reject&, const Reject&) = default;
};

// What happens to the packets that a step's rules and filter choose.
using Effect = std::variant<Drop, Reject, Impairment>;

// One stretch of time with one fault: active in [at, at + length) after T0.
struct Step {
  StepIndex index = 0;
  std::string name;
  Duration at{0};
  Duration length{0};
  Effect effect;
  PacketFilter filter;
  // Comes and goes within the step.
  std::optional<Flap> flap;
  // Moves within the step; only with an Impairment.
  std::optional<Ramp> ramp;
  // This node's part; empty when it only watches.
  std::vector<Rule> rules;

  Duration end() const { return at + length; }
  friend bool operator==(const Step&, const Step&) = default;
};

enum class ControllerLoss : std::uint8_t { kHeal, kContinue };

inline constexpr Duration kShortestLease = std::chrono::seconds(1);
inline constexpr Duration kLongestLease = std::chrono::minutes(10);
inline constexpr Duration kDefaultLease = std::chrono::seconds(15);
// The kernel's own granularity makes anything shorter unsafe: on 5.10 a set timeout under one jiffy never ends.
inline constexpr Duration kShortestStep = std::chrono::milliseconds(100);

// Everything one node does in one run. A value, the same on both sides of the wire.
struct Timeline {
  RunId run;
  NodeName node;
  std::vector<Step> steps;
  std::vector<PrefixSet> prefix_sets;
  Duration length{0};
  Duration lease = kDefaultLease;
  ControllerLoss on_controller_loss = ControllerLoss::kHeal;
  std::uint64_t seed = 0;
  // Moments, ascending, at which all that is to come waits until the node is told to proceed (common/hold.h).
  std::vector<Duration> holds;

  friend bool operator==(const Timeline&, const Timeline&) = default;
};

// A seed of one step's own.
std::uint64_t StepSeed(const Timeline& timeline, StepIndex step);

// What a step does at this time since it began, its ramp counted in. REQUIRES: its effect is an Impairment.
Impairment ImpairmentAt(const Step& step, Duration elapsed);

// By which a node acts on what it sends: the egress hook, or clsact where that is all it has.
Capability SenderHook(const CapabilitySet& has);

// What a node needs for one side of a step beyond what it has; empty: it can do it. Both the controller, when it checks
// a plan, and the node, when it is armed, ask this function.
std::vector<Capability> Missing(const Step& step, Side side, const CapabilitySet& has);

// Why no kernel can do one side of a step, "the connection's state is not known at the sender"; empty: one can.
std::string Impossible(const Step& step, Side side);

// Whether a timeline may be carried out: names are names, steps are sorted by start then index with unique indices,
// each within [0, length] and at least kShortestStep long; its effect, filter, flap and ramp can be carried out; every
// set index exists, no set is empty, a rule names at least one of sources and destinations, the lease is within its
// bounds; holds ascend within [0, length), and only a run that heals without its controller has any: another would wait
// for ever. Both sides check with this one function. INVALID_ARGUMENT names the step and the rule.
absl::Status CheckTimeline(const Timeline& timeline);

}  // namespace faultline
