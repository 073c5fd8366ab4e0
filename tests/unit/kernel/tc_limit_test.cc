#include "agent/kernel/tc_limit.h"

#include <gtest/gtest.h>

namespace faultline {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr BitRate kMbit{1'000'000};

TEST(TcLimitTest, APacketTakesMoreMemoryThanItsBytes) {
  EXPECT_EQ(PacketMemory(kUsualFrame), 2304u);
  EXPECT_EQ(PacketMemory(9015), 16640u);
}

TEST(TcLimitTest, AtARateItIsTheDelayAndAQuarterOfASecond) {
  // 100 Mbit/s are 12.5 MB/s; in 100 + 250 ms 4 375 000 bytes.
  EXPECT_EQ(PacketLimit({.rate = BitRate{100'000'000}, .longest_delay = milliseconds(100), .memory = 256 * kMiB}),
            2890u);
}

TEST(TcLimitTest, AtALowRateItIsAtLeast64) {
  EXPECT_EQ(PacketLimit({.rate = BitRate{64'000}, .longest_delay = milliseconds(100), .memory = 256 * kMiB}), 64u);
}

TEST(TcLimitTest, WithoutARateItIsAFastLinksDelay) {
  // 1.25 GB/s for 100 ms.
  EXPECT_EQ(PacketLimit({.longest_delay = milliseconds(100), .memory = 256 * kMiB}), 82563u);
  EXPECT_EQ(PacketLimit({.memory = 256 * kMiB}), 10'000u);
}

TEST(TcLimitTest, MemoryBoundsIt) {
  EXPECT_EQ(PacketLimit({.longest_delay = hours(1), .memory = kMiB}), 455u);
  EXPECT_EQ(PacketLimit({.longest_delay = hours(1), .memory = kMiB, .largest_frame = 9023}), 63u);
  EXPECT_EQ(PacketLimit({.memory = 1}), 16u);
  EXPECT_EQ(PacketLimit({.rate = kMbit, .memory = 40 * 2304}), 40u);
}

TEST(TcLimitTest, ADeviceOfHugeMtuCountsAsOneOfJumboFrames) {
  EXPECT_EQ(PacketLimit({.memory = kMiB, .largest_frame = 65557}),
            PacketLimit({.memory = kMiB, .largest_frame = 9216}));
}

TEST(TcLimitTest, TheLargestNumbersFit) {
  EXPECT_EQ(PacketLimit({.rate = BitRate{1'000'000'000'000}, .longest_delay = hours(1), .memory = ~std::uint64_t{0}}),
            0x7FFFFFFFu);
  EXPECT_EQ(ByteLimit({.rate = BitRate{1'000'000'000'000}, .memory = ~std::uint64_t{0}}), 0x7FFFFFFFu);
}

TEST(TcLimitTest, OfBytesItIsAQuarterOfASecond) {
  EXPECT_EQ(ByteLimit({.rate = BitRate{100'000'000}, .memory = 256 * kMiB}), 3'125'000u);
  EXPECT_EQ(ByteLimit({.rate = BitRate{64'000}, .memory = 256 * kMiB}), 64 * kUsualFrame);
  EXPECT_EQ(ByteLimit({.rate = BitRate{100'000'000}, .memory = kMiB}), 455 * kUsualFrame);
  EXPECT_EQ(ByteLimit({.memory = kMiB}), 455 * kUsualFrame);
}

}  // namespace
}  // namespace faultline
