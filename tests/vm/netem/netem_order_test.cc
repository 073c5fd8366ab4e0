// In which order packets leave a lane with netem, and what a change does to those that wait.

#include <algorithm>

#include "tests/lab/kernel/lane_bed.h"
#include "tests/support/matchers.h"

namespace faultline::testing {
namespace {

using std::chrono::milliseconds;

// How many overtook one sent before them.
std::size_t Overtakings(const std::vector<Datagram>& arrived) {
  std::size_t count = 0;
  std::uint32_t latest = 0;
  for (const Datagram& datagram : arrived) {
    if (datagram.sequence < latest) ++count;
    latest = std::max(latest, datagram.sequence);
  }
  return count;
}

class NetemOrderTest : public LaneBed {};

TEST_F(NetemOrderTest, JitterKeepsTheOrder) {
  Make({.delay = milliseconds(50), .jitter = milliseconds(20), .distribution = Distribution::kNormal});
  Forward();
  const std::vector<Datagram> arrived = Pass(5000, 100);
  EXPECT_EQ(arrived.size(), 5000u);
  EXPECT_EQ(Overtakings(arrived), 0u);
}

TEST_F(NetemOrderTest, JitterMayReorder) {
  Make({.delay = milliseconds(50),
        .jitter = milliseconds(20),
        .distribution = Distribution::kNormal,
        .reorder_by_jitter = true});
  Forward();
  const std::vector<Datagram> arrived = Pass(5000, 100);
  EXPECT_EQ(arrived.size(), 5000u);
  EXPECT_GT(Overtakings(arrived), 2000u);
}

TEST_F(NetemOrderTest, SomeSkipTheDelay) {
  constexpr std::uint32_t kDatagrams = 4000;
  Make({.delay = milliseconds(200), .reorder = Ratio::Percent(25)});
  Forward();
  const std::vector<Datagram> arrived = PassSingly(kDatagrams, milliseconds(1));
  ASSERT_EQ(arrived.size(), kDatagrams);
  const auto early = std::count_if(arrived.begin(), arrived.end(),
                                   [](const Datagram& datagram) { return datagram.delay < milliseconds(100); });
  EXPECT_NEAR(static_cast<double>(early) / kDatagrams, 0.25, 0.028);
}

TEST_F(NetemOrderTest, OnlyEveryNthMaySkip) {
  Make({.delay = milliseconds(300), .reorder = Ratio::Percent(100), .reorder_gap = 5});
  Forward();
  const std::vector<Datagram> arrived = PassSingly(1000, milliseconds(1));
  ASSERT_EQ(arrived.size(), 1000u);
  for (const Datagram& datagram : arrived) {
    EXPECT_EQ(datagram.delay < milliseconds(150), datagram.sequence % 5 == 4) << datagram.sequence;
  }
}

class NetemChangeTest : public LaneBed {
 protected:
  // Sends `before` datagrams, changes the lane, sends `after` more, and awaits all.
  std::vector<Datagram> PassAround(std::uint32_t before, const Impairment& impairment, std::uint32_t after) {
    DatagramSink sink(node(), kNode4, 3000);
    DatagramSource source(peer(), kNode4, 3000, 1000);
    for (std::uint32_t i = 0; i < before; ++i) source.Send();
    EXPECT_EQ(Waiting(), before);
    Change(impairment);
    EXPECT_EQ(Waiting(), before);
    for (std::uint32_t i = 0; i < after; ++i) source.Send();
    while (sink.arrived().size() < before + after && Waiting() + (sink.Await(milliseconds(50)) ? 1 : 0) > 0)
      sink.Drain();
    return sink.arrived();
  }
};

TEST_F(NetemChangeTest, NeitherDropsNorHurriesWhatWaits) {
  Make({.delay = std::chrono::seconds(3)});
  Forward();
  const std::vector<Datagram> arrived = PassAround(500, {.delay = milliseconds(10)}, 500);
  ASSERT_EQ(arrived.size(), 1000u);
  EXPECT_EQ(Overtakings(arrived), 0u);
  for (std::size_t i = 0; i < 500; ++i) ASSERT_GE(arrived[i].delay, milliseconds(2999)) << i;
  EXPECT_EQ(Counters(), LaneCounters{.passed = 1000});
}

TEST_F(NetemChangeTest, AShorterDelayLeavesRoomForWhatWaits) {
  Make({.delay = std::chrono::seconds(3), .rate = BitRate{20'000'000}});
  Forward();
  // Far more wait than the queue of the new delay holds; it must take others nevertheless.
  const std::vector<Datagram> arrived = PassAround(500, {.delay = milliseconds(10), .rate = BitRate{2'000'000}}, 20);
  EXPECT_EQ(arrived.size(), 520u);
  EXPECT_EQ(Counters(), LaneCounters{.passed = 520});
}

TEST_F(NetemChangeTest, LossIsOfThoseThatLeave) {
  Make({.delay = std::chrono::seconds(3)});
  Forward();
  const std::vector<Datagram> arrived = PassAround(300, {.delay = milliseconds(10), .loss = Ratio::Percent(100)}, 300);
  EXPECT_EQ(arrived.size(), 0u);
  EXPECT_EQ(Counters(), LaneCounters{.lost = 600});
}

TEST_F(NetemChangeTest, GrowsFromNothing) {
  Make(Impairment{});
  Forward();
  EXPECT_EQ(Pass(1000).size(), 1000u);
  Impairment impairment{.delay = milliseconds(20),
                        .jitter = milliseconds(5),
                        .loss = Ratio::Percent(10),
                        .corrupt = Ratio::PartsPerBillion(1),
                        .reorder = Ratio::PartsPerBillion(1)};
  Change(impairment);
  EXPECT_NEAR(static_cast<double>(Pass(10'000).size()), 9000, 150);
  impairment.duplicate = Ratio::Percent(50);
  Change(impairment);
  EXPECT_NEAR(static_cast<double>(Pass(10'000).size()), 13'500, 350);
  Change(Impairment{});
  EXPECT_EQ(Pass(1000).size(), 1000u);
}

}  // namespace
}  // namespace faultline::testing
