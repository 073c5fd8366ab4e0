// What tc, which reads the kernel by itself, says of a lane.

#include <gmock/gmock.h>

#include "tests/lab/kernel/lane_bed.h"
#include "tests/support/matchers.h"

namespace faultline::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class NetemReportTest : public LaneBed {
 protected:
  std::string Report() { return node().Run("tc -d qdisc show dev " + lane().name); }
};

TEST_F(NetemReportTest, OfAllNumbers) {
  Make({.delay = milliseconds(80),
        .loss = Ratio::PartsPerBillion(12'500'000),
        .corrupt = Ratio::Percent(2),
        .reorder = Ratio::Percent(25),
        .reorder_correlation = Ratio(),
        .reorder_gap = 3,
        .rate = BitRate{10'000'000}});
  EXPECT_THAT(Report(), AllOf(HasSubstr("qdisc tbf 1: root"), HasSubstr("qdisc netem 2: parent 1:1"),
                              HasSubstr("delay 80ms reorder 25% corrupt 2% rate 10Mbit gap 3"),
                              HasSubstr("qdisc netem 3: parent 2:1"), HasSubstr("loss 1.25%")));
}

TEST_F(NetemReportTest, OfBursts) {
  Make({.bursts = GilbertElliott{.p = Ratio::Percent(1),
                                 .r = Ratio::Percent(10),
                                 .bad_loss = Ratio::Percent(75),
                                 .good_loss = Ratio::Percent(2)}});
  EXPECT_THAT(Report(), HasSubstr("loss gemodel p 1% r 10% 1-h 75% 1-k 2%"));
}

TEST_F(NetemReportTest, OfDuplicates) {
  Make({.duplicate = Ratio::Percent(5)});
  EXPECT_THAT(Report(), AllOf(HasSubstr("duplicate 5%"), Not(HasSubstr("netem 3:"))));
}

TEST_F(NetemReportTest, OfABurst) {
  Make({.rate = BitRate{10'000'000}, .burst = 20'000});
  EXPECT_THAT(Report(), AllOf(HasSubstr("rate 10Mbit"), HasSubstr("burst 20000b")));
}

TEST_F(NetemReportTest, OfNothingAfterDeletion) {
  Make({.delay = milliseconds(80), .loss = Ratio::Percent(1)});
  Clear();
  EXPECT_EQ(node().State(), before());
}

TEST_F(NetemReportTest, WhetherASeedCounts) {
  bool seeded = false;
  const auto arrived_with = [&](std::uint64_t seed) {
    Make(LaneSpec{.impairment = {.loss = Ratio::Percent(50)}, .seed = seed});
    Forward();
    const auto takes_seed = TakesSeed(socket(), lane());
    EXPECT_THAT(takes_seed, IsOk());
    seeded = takes_seed.value_or(false);
    std::vector<std::uint32_t> arrived;
    for (const Datagram& datagram : Pass(1000)) arrived.push_back(datagram.sequence);
    Clear();
    return arrived;
  };
  const std::vector<std::uint32_t> first = arrived_with(7);
  EXPECT_NE(arrived_with(8), first);
  EXPECT_EQ(arrived_with(7) == first, seeded);
}

}  // namespace
}  // namespace faultline::testing
