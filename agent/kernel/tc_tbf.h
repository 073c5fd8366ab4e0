#pragma once

#include <cstdint>

struct nl_msg;

namespace faultline {

// A token bucket: limits the rate, and splits aggregates. A value.
struct TbfSettings {
  // Faster than any packet, so that it only splits (in 6.1's psched_l2t_ns no packet then takes any time).
  static constexpr std::uint64_t kUnlimited = 1'000'000'000'000'000;

  // Bytes per second.
  std::uint64_t rate = kUnlimited;
  // Bytes that may pass at once after a pause; raised to `largest`.
  std::uint32_t burst = 0;
  // Bytes. Aggregates above are split into the packets that they are on the wire; a single packet above is dropped
  // (sch_tbf.c, tbf_enqueue).
  std::uint32_t largest = 0;
  // Bytes of its own queue; without meaning when it has a child qdisc.
  std::uint32_t limit = 0;

  friend bool operator==(const TbfSettings&, const TbfSettings&) = default;
};

// Adds them as TCA_OPTIONS.
void PutTbf(nl_msg* message, const TbfSettings& settings);

}  // namespace faultline
