#include "agent/kernel/tc_limit.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace faultline {
namespace {

constexpr BitRate kFastLink{10'000'000'000};
constexpr Duration kBottleneckQueue = std::chrono::milliseconds(250);
constexpr double kFewestAtRate = 64;
constexpr double kFewestWithoutRate = 10'000;
constexpr std::uint64_t kFewest = 16;
// A device may allow larger ones, as a tunnel does that never sends them.
constexpr std::uint32_t kJumboFrame = 9216;

double BytesIn(BitRate rate, Duration time) {
  return static_cast<double>(rate.bits_per_second) / 8 * std::chrono::duration<double>(time).count();
}

}  // namespace

std::uint64_t PacketMemory(std::uint32_t frame) {
  // NET_SKB_PAD, sizeof(skb_shared_info) and sizeof(sk_buff), each aligned to a cache line, on a machine of 64 bits.
  constexpr std::uint64_t kHeadroom = 64;
  constexpr std::uint64_t kSharedInfo = 320;
  constexpr std::uint64_t kSkBuff = 256;
  return std::bit_ceil(frame + kHeadroom + kSharedInfo) + kSkBuff;
}

std::uint32_t PacketLimit(const QueueNeed& need) {
  const Duration queue = need.rate ? kBottleneckQueue : Duration(0);
  const double wanted = std::ceil(BytesIn(need.rate.value_or(kFastLink), need.longest_delay + queue) / kUsualFrame);
  const double least = need.rate ? kFewestAtRate : kFewestWithoutRate;
  const std::uint64_t most = std::max(kFewest, need.memory / PacketMemory(std::min(need.largest_frame, kJumboFrame)));
  const std::uint64_t limit = std::min<std::uint64_t>(most, std::numeric_limits<std::int32_t>::max());
  return static_cast<std::uint32_t>(std::min(static_cast<double>(limit), std::max(least, wanted)));
}

std::uint32_t ByteLimit(const QueueNeed& need) {
  const std::uint64_t packets = std::max(kFewest, need.memory / PacketMemory(kUsualFrame));
  const std::uint64_t most = std::min<std::uint64_t>(packets * kUsualFrame, std::numeric_limits<std::int32_t>::max());
  if (!need.rate) return static_cast<std::uint32_t>(most);
  const double wanted = std::max(BytesIn(*need.rate, kBottleneckQueue), kFewestAtRate * kUsualFrame);
  return static_cast<std::uint32_t>(std::min(static_cast<double>(most), std::ceil(wanted)));
}

}  // namespace faultline
