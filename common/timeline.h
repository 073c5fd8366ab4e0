#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/name.h"
#include "common/prefix_set.h"

namespace faultline {

// Index into Timeline::prefix_sets.
using SetIndex = std::uint32_t;
// A step's position in its plan.
using StepIndex = std::uint32_t;

// Which packets; every present part must hold. Absent: no condition.
struct Match {
  std::optional<SetIndex> sources;
  std::optional<SetIndex> destinations;
  std::optional<SetIndex> except_destinations;

  friend bool operator==(const Match&, const Match&) = default;
};

// Where on its way a packet is dropped.
enum class Hook : std::uint8_t {
  // As it enters the receiver. TCP then behaves as with a router's cut.
  kReceiverIngress,
  // As it leaves the sender, silently. For receivers without an agent.
  kSenderBlackhole,
};

// Packets that vanish while their step is active.
struct Block {
  Hook hook = Hook::kReceiverIngress;
  Match match;

  friend bool operator==(const Block&, const Block&) = default;
};

// One stretch of time with faults: active in [at, at + length) after T0.
struct Step {
  StepIndex index = 0;
  std::string name;
  Duration at{0};
  Duration length{0};
  std::vector<Block> blocks;

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

  friend bool operator==(const Timeline&, const Timeline&) = default;
};

// Whether a timeline may be carried out: names are names, steps are sorted by start then index with unique indices,
// each within [0, length] and at least kShortestStep long, every set index exists, no set is empty, a block names at
// least one of sources and destinations, the lease is within its bounds. Both sides check with this one function.
// INVALID_ARGUMENT names the step and the rule.
absl::Status CheckTimeline(const Timeline& timeline);

}  // namespace faultline
