#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tests/fidelity/bed.h"
#include "tests/lab/kernel/lane_bed.h"

namespace faultline::fidelity {

// How numbered datagrams go from the bed's peer to its node.
struct Train {
  std::uint32_t datagrams = 0;
  // Bytes of each.
  std::size_t payload = 1400;
  // From one to the next; absent: many at a time, in aggregates as the kernel has them of fast senders.
  std::optional<Duration> spacing;
  // No datagram is on its way for longer.
  Duration longest{0};
};

// Sends them and gives those that arrived, in their order, when no more can come.
std::vector<testing::Datagram> Pass(const Bed& bed, const Train& train);

// Of datagrams that arrived at most once, in order.
struct Losses {
  std::uint32_t lost = 0;
  // Of datagrams lost one after the other.
  std::uint32_t runs = 0;

  double MeanRun() const { return runs == 0 ? 0 : static_cast<double>(lost) / runs; }
};
Losses CountLosses(const std::vector<testing::Datagram>& arrived, std::uint32_t sent);

// How many overtook one sent before them.
std::uint32_t CountOvertakings(const std::vector<testing::Datagram>& arrived);

// In seconds.
std::vector<double> Delays(const std::vector<testing::Datagram>& arrived);

}  // namespace faultline::fidelity
