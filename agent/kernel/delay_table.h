#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/impairment.h"

namespace faultline {

// The law of a delay as netem has it. netem draws an entry t of the table, each as likely, and holds the packet for
// latency + jitter * t / 8192, rounded to a nanosecond (sch_netem.c, tabledist). A value.
struct DelayTable {
  Duration latency{0};
  // The unit of the table, no deviation of the law. 0: every delay is `latency`, and there is no table.
  Duration jitter{0};
  std::vector<std::int16_t> entries;

  // No packet is held longer.
  Duration Longest() const { return latency + 4 * jitter; }
  friend bool operator==(const DelayTable&, const DelayTable&) = default;
};

// How many equally likely delays stand for a law; of samples, as many as there are.
inline constexpr std::size_t kDelayTableSize = 4096;

// The law in equal steps, each step's delay being the mean of its part of the law. Mean and standard deviation are
// exact but for the delays that come out negative and are raised to 0. Entries use the whole range of their 16 bits, so
// no tail is cut off: with kPareto one packet in 4096 is late by 30 standard deviations.
// INVALID_ARGUMENT when the shortest and the longest delay are more than 17 s apart, which netem cannot do.
absl::StatusOr<DelayTable> MakeDelayTable(const Impairment& impairment);

}  // namespace faultline
