// The rate of a lane with netem, and what finds no room in its queue.

#include <cmath>

#include "absl/strings/str_cat.h"
#include "tests/lab/kernel/lane_bed.h"
#include "tests/support/matchers.h"

namespace faultline::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct RateCase {
  std::string name;
  std::uint64_t bits_per_second = 0;
  std::uint64_t burst = 0;
};

void PrintTo(const RateCase& rate, std::ostream* stream) { *stream << rate.name; }

class NetemRateTest : public LaneBed, public ::testing::WithParamInterface<RateCase> {};

TEST_P(NetemRateTest, HoldsUnderTcp) {
  const auto rate = static_cast<double>(GetParam().bits_per_second);
  Make({.delay = milliseconds(5), .rate = BitRate{GetParam().bits_per_second}, .burst = GetParam().burst});
  Forward();
  const TcpLoad load(peer(), node(), kNode4, 5000);
  BitsPerSecond(seconds(1));
  // Where the sender cannot keep the queue filled, as on an emulated machine that is busy, there is nothing to hold.
  constexpr int kParts = 10;
  double sum = 0;
  int parts = 0;
  for (int i = 0; i < 10 * kParts && parts < kParts; ++i) {
    const double part = BitsPerSecond(milliseconds(300));
    EXPECT_LT(part / rate, 1.2);
    if (Waiting() < 5) continue;
    sum += part;
    ++parts;
  }
  ASSERT_EQ(parts, kParts);
  EXPECT_NEAR(sum / kParts / rate, 1, 0.03) << sum / kParts;
}

INSTANTIATE_TEST_SUITE_P(Rates, NetemRateTest,
                         ::testing::Values(RateCase{"1mbit", 1'000'000}, RateCase{"10mbit", 10'000'000},
                                           RateCase{"100mbit", 100'000'000},
                                           RateCase{"10mbit_burst", 10'000'000, 125'000}),
                         [](const auto& rate) { return rate.param.name; });

class NetemQueueTest : public LaneBed {
 protected:
  // Sends without waiting; how many.
  std::uint32_t Flood(int aggregates) {
    DatagramSource source(peer(), kNode4, 3000, 1400);
    for (int i = 0; i < aggregates; ++i) source.Send(source.aggregate());
    return source.sent();
  }
  void AwaitEmpty() {
    DatagramSink nobody(node(), kNode4, 3001);
    while (Waiting() > 0) nobody.Await(milliseconds(20));
  }
};

TEST_F(NetemQueueTest, OverflowIsNoLoss) {
  Make({.delay = milliseconds(100), .loss = Ratio::Percent(20), .rate = BitRate{20'000'000}});
  Forward();
  const std::uint32_t sent = Flood(200);
  AwaitEmpty();
  const LaneCounters counters = Counters();
  EXPECT_EQ(counters.passed + counters.lost + counters.overflowed, sent);
  EXPECT_GT(counters.overflowed, sent / 4);
  const auto admitted = static_cast<double>(counters.passed + counters.lost);
  EXPECT_NEAR(static_cast<double>(counters.lost) / admitted, 0.2, 4 * std::sqrt(0.16 / admitted));
}

TEST_F(NetemQueueTest, OverflowWithoutLoss) {
  Make(LaneSpec{.impairment = {.delay = seconds(2)}, .memory = 1 << 20});
  Forward();
  const std::uint32_t sent = Flood(50);
  const std::uint32_t waiting = Waiting();
  // A MiB of packets of 2304 bytes.
  EXPECT_EQ(waiting, 455u);
  AwaitEmpty();
  EXPECT_EQ(Counters(), (LaneCounters{.passed = waiting, .overflowed = sent - waiting}));
}

TEST_F(NetemQueueTest, OfDuplicatesOverflowIsOverflow) {
  Make(LaneSpec{.impairment = {.delay = seconds(1), .duplicate = Ratio::Percent(50)}, .memory = 1 << 20});
  Forward();
  Flood(50);
  AwaitEmpty();
  const LaneCounters counters = Counters();
  // One more than the limit: room is looked for before the duplicate is made.
  EXPECT_NEAR(static_cast<double>(counters.passed), 455, 1);
  EXPECT_EQ(counters.lost, 0u);
  EXPECT_GT(counters.overflowed, 1000u);
}

TEST_F(NetemQueueTest, HoldsWhatALongDelayNeeds) {
  Make({.delay = milliseconds(500), .rate = BitRate{50'000'000}});
  Forward();
  // A rate's worth of packets for the whole of the delay.
  DatagramSink sink(node(), kNode4, 3000);
  DatagramSource source(peer(), kNode4, 3000, 1400);
  const MonotonicTime start = Now();
  while (source.sent() < 4000) {
    const double due = std::chrono::duration<double>(Now() - start).count() * 48e6 / 8 / 1442;
    if (source.sent() < due) source.Send();
    sink.Drain();
  }
  while (sink.arrived().size() < 4000 && sink.Await(seconds(2))) sink.Drain();
  EXPECT_EQ(Counters(), LaneCounters{.passed = 4000});
}

}  // namespace
}  // namespace faultline::testing
