#pragma once

#include <cstdint>
#include <optional>

#include "common/bit_rate.h"
#include "common/clock.h"

namespace faultline {

// How long queues must be, so that a lane loses no packet but as asked, or for want of memory. Pure.

// The frame of a full packet on an Ethernet of 1500 bytes.
inline constexpr std::uint32_t kUsualFrame = 1514;

// What the queue of a lane must hold.
struct QueueNeed {
  // Absent: as fast as any link of today, 10 Gbit/s.
  std::optional<BitRate> rate;
  Duration longest_delay{0};
  // Bytes of kernel memory that it may take.
  std::uint64_t memory = 0;
  // The largest packet that may come.
  std::uint32_t largest_frame = kUsualFrame;
};

// Kernel memory that a waiting packet takes (skb->truesize): data and shared info in a block whose size is a power of
// two, and the sk_buff (net/core/skbuff.c). 2304 for a frame of 1514 bytes, 16640 for one of 9015 (measured on 6.18 by
// SO_MEMINFO).
std::uint64_t PacketMemory(std::uint32_t frame);

// For netem: packets on their way during the longest delay, and with a rate 250 ms of its bottleneck's queue; at least
// 10 000 without a rate and 64 with; in any case no more than the memory holds, and at least 16.
std::uint32_t PacketLimit(const QueueNeed& need);

// For tbf's own queue: 250 ms at the rate, at least 64 usual frames; all that memory holds without one. The delay does
// not count: tbf has none.
std::uint32_t ByteLimit(const QueueNeed& need);

}  // namespace faultline
