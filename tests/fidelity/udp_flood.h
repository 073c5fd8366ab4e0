#pragma once

#include <array>
#include <cstdint>

#include "tests/fidelity/bed.h"
#include "tests/lab/kernel/lane_bed.h"
#include "tests/support/udp.h"

namespace faultline::fidelity {

// What a namespace's IP layer has received, as packets are on the wire, also where many come in one piece
// (ip_input.c, ip_rcv_core, goes by gso_segs).
struct IpReceived {
  std::uint64_t packets = 0;
  // With 14 bytes of link header for each.
  std::uint64_t bytes = 0;
};
IpReceived ReadIpReceived(const testing::Netns& netns);

// Datagrams of 1400 bytes in aggregates from the bed's peer to its node, at a pace that does not heed what arrives.
class UdpFlood {
 public:
  explicit UdpFlood(const Bed& bed);

  // Sends at so many bits per second, link headers counted in, for so long. From two threads: the processor that sends
  // also serves the timer of the qdisc that it fills, and is held up by it.
  void Send(double bits_per_second, Duration time);
  // Sends so many datagrams at once.
  void SendAtOnce(std::uint32_t datagrams);
  std::uint32_t sent() const;

 private:
  // Never read: what it has no room for has been counted before.
  testing::UdpSocket sink_;
  std::array<testing::DatagramSource, 2> sources_;
};

}  // namespace faultline::fidelity
