#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/bit_rate.h"
#include "common/clock.h"
#include "common/field_error.h"
#include "common/ratio.h"

namespace faultline {

// The law of a delay's jitter. The mean is the delay; `jitter` is the standard deviation, of kUniform the half width.
enum class Distribution : std::uint8_t {
  kUniform,
  kNormal,
  // Shape 3: a long tail to the late side.
  kPareto,
  // A quarter normal and three quarters Pareto.
  kParetoNormal,
  // As measured: the delay and its jitter are those of Impairment::samples.
  kSamples,
};

// The two-state loss model of Gilbert and Elliott: between a good and a bad state, drawn anew at each packet.
struct GilbertElliott {
  // Good to bad.
  Ratio p;
  // Bad to good; 1/r is the mean length of a burst in packets.
  Ratio r;
  // Loss in the bad state (1-h).
  Ratio bad_loss = Ratio::Percent(100);
  // Loss in the good state (1-k).
  Ratio good_loss;

  // The share of packets lost in the long run.
  double MeanLoss() const;
  friend bool operator==(const GilbertElliott&, const GilbertElliott&) = default;
};

// What one direction of a link does to packets. All parts together; each counts packets as they are on the wire. A
// value.
struct Impairment {
  // One way.
  Duration delay{0};
  Duration jitter{0};
  Distribution distribution = Distribution::kUniform;
  // Delays, sorted: an inverse distribution function at equal steps. Only for kSamples.
  std::vector<Duration> samples;
  // Whether packets may overtake each other when the jitter makes a later one faster; as a link does not.
  bool reorder_by_jitter = false;

  Ratio loss;
  Ratio loss_correlation;
  std::optional<GilbertElliott> bursts;

  Ratio duplicate;
  Ratio duplicate_correlation;
  Ratio corrupt;
  Ratio corrupt_correlation;

  // This share of packets skips the delay, and so overtakes others; with a gap of n only every nth can.
  Ratio reorder;
  Ratio reorder_correlation;
  std::uint32_t reorder_gap = 0;

  std::optional<BitRate> rate;
  // Bytes that may pass at once after a pause; 0: one packet.
  std::uint64_t burst = 0;

  // The share of packets lost in the long run, by `loss` or `bursts`.
  double MeanLoss() const;
  // Mean added one-way delay, the queueing for `rate` left out.
  Duration MeanDelay() const;
  // No packet is held longer, the queueing for `rate` left out: the delay and the jitter, of other laws than kUniform
  // so many jitters: kNormal 4, kPareto 31, kParetoNormal 26; or the largest sample.
  Duration LongestDelay() const;
  // Whether it only loses packets at random, each by itself: this can be done without netem.
  bool OnlyLoss() const;
  // Whether it only limits the rate (and perhaps `burst`): likewise.
  bool OnlyRate() const;

  friend bool operator==(const Impairment&, const Impairment&) = default;
};

inline constexpr Duration kLongestDelay = std::chrono::hours(1);
// Between a packet's shortest and longest delay: netem has the deviation as nanoseconds in 32 bits, of which its table
// may have four (sch_netem.c, tabledist).
inline constexpr Duration kWidestSpread = std::chrono::seconds(17);
inline constexpr std::size_t kMostSamples = 4096;

// All that is wrong: an impairment that does nothing; a ratio above 100 %; jitter without a delay, or larger than it;
// a delay or sample above kLongestDelay; delays further apart
// than kWidestSpread; a distribution without jitter; loss both plain and in bursts; a
// reorder share without a delay; a rate of 0; a burst without a rate. Empty: it can be carried out.
std::vector<FieldError> CheckImpairment(const Impairment& impairment);

}  // namespace faultline
