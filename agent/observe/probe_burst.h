#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/name.h"
#include "common/prefix.h"

namespace faultline {

// Another node over one IP version, as one end of a direction that is probed in a burst. A value.
struct BurstEnd {
  NodeName peer;
  Family family = Family::kIpv4;

  friend bool operator==(const BurstEnd&, const BurstEnd&) = default;
};

// A short time in which a node probes some peers far more often than the mesh does; what v1::ProbeBurst carries. A
// value.
struct ProbeBurst {
  // Unique in its run.
  std::uint32_t number = 0;
  ControllerTime start;
  Duration length{0};
  // Between two probes to one peer.
  Duration interval{0};
  std::vector<BurstEnd> to;
  std::vector<BurstEnd> from;

  ControllerTime end() const { return start + length; }
  friend bool operator==(const ProbeBurst&, const ProbeBurst&) = default;
};

// How exactly it is noted when the probes of a burst were sent.
inline constexpr Duration kBurstMark = std::chrono::milliseconds(1);
inline constexpr Duration kLongestBurst = std::chrono::seconds(2);
// In a burst a node never sends more probes a second than this, beside those of the mesh.
inline constexpr int kMostBurstProbesPerSecond = 2000;
// Of one run.
inline constexpr std::size_t kMostBursts = 64;
// Each way.
inline constexpr std::size_t kMostBurstEnds = 64;

// Whether a node may carry out these bursts of one run: no more than kMostBursts with numbers of their own, each of
// whole milliseconds up to kLongestBurst and no shorter than its interval, its ends named once and no more than
// kMostBurstEnds each way, its probes no more than kMostBurstProbesPerSecond, and none at the time of another.
// INVALID_ARGUMENT names the burst and the rule.
absl::Status CheckProbeBursts(const std::vector<ProbeBurst>& bursts);

}  // namespace faultline
