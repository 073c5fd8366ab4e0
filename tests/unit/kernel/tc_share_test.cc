#include "agent/kernel/tc_share.h"

#include <gtest/gtest.h>

#include <random>

namespace faultline {
namespace {

constexpr std::uint32_t kAll = 0xFFFFFFFF;

TEST(TcShareTest, NeverAndAlwaysAreExact) {
  EXPECT_EQ(NetemShare(Ratio()), 0u);
  EXPECT_EQ(NetemShare(Ratio::Percent(100)), kAll);
  EXPECT_EQ(NetemChance(Ratio()), 0u);
  EXPECT_EQ(NetemChance(Ratio::Percent(100)), kAll);
  EXPECT_EQ(CorrelatedNetemShare(Ratio(), Ratio::Percent(50)), 0u);
  EXPECT_EQ(CorrelatedNetemShare(Ratio::Percent(100), Ratio::Percent(50)), kAll);
}

TEST(TcShareTest, CountsTheNumbersThatHit) {
  // 0 to 2^31 - 1 are half of all.
  EXPECT_EQ(NetemShare(Ratio::Percent(50)), 0x7FFFFFFFu);
  EXPECT_EQ(NetemChance(Ratio::Percent(50)), 0x80000000u);
  // 4.29 of 2^32.
  EXPECT_EQ(NetemShare(Ratio::PartsPerBillion(1)), 3u);
  EXPECT_EQ(NetemChance(Ratio::PartsPerBillion(1)), 4u);
  EXPECT_EQ(NetemShare(Ratio::Percent(1)), 42949672u);
}

TEST(TcShareTest, ARatioAboveOneIsOne) {
  EXPECT_EQ(NetemShare(Ratio::Percent(400)), kAll);
  EXPECT_EQ(NetemChance(Ratio::Percent(400)), kAll);
}

// netem's generator, from sch_netem.c's get_crandom.
class CorrelatedRandom {
 public:
  explicit CorrelatedRandom(std::uint32_t rho) : rho_(std::uint64_t{rho} + 1), last_(Draw()) {}

  std::uint32_t Next() {
    const std::uint64_t value = Draw();
    last_ = static_cast<std::uint32_t>((value * ((std::uint64_t{1} << 32) - rho_) + last_ * rho_) >> 32);
    return last_;
  }

 private:
  std::uint32_t Draw() { return static_cast<std::uint32_t>(random_()); }

  std::mt19937 random_{42};
  std::uint64_t rho_;
  std::uint32_t last_;
};

double ShareHit(Ratio ratio, Ratio correlation) {
  constexpr int kPackets = 4'000'000;
  CorrelatedRandom random(NetemShare(correlation));
  const std::uint32_t share = CorrelatedNetemShare(ratio, correlation);
  int hits = 0;
  for (int i = 0; i < kPackets; ++i) hits += share >= random.Next() ? 1 : 0;
  return static_cast<double>(hits) / kPackets;
}

TEST(TcShareTest, CorrelationLeavesTheShareAsItIs) {
  for (const std::uint32_t correlation : {1, 50, 90, 99}) {
    for (const std::uint32_t percent : {1, 30, 80}) {
      const Ratio ratio = Ratio::Percent(percent);
      EXPECT_NEAR(ShareHit(ratio, Ratio::Percent(correlation)) / ratio.AsDouble(), 1, 0.05)
          << percent << " % with a correlation of " << correlation << " %";
    }
  }
}

TEST(TcShareTest, SoItIsForSmallShares) {
  for (const std::uint32_t correlation : {10, 25, 50}) {
    EXPECT_NEAR(ShareHit(Ratio::PartsPerBillion(500'000), Ratio::Percent(correlation)) / 0.0005, 1, 0.1) << correlation;
  }
}

TEST(TcShareTest, WithoutCorrelationItIsThePlainShare) {
  EXPECT_EQ(CorrelatedNetemShare(Ratio::Percent(7), Ratio()), NetemShare(Ratio::Percent(7)));
  EXPECT_EQ(CorrelatedNetemShare(Ratio::Percent(7), Ratio::Percent(100)), NetemShare(Ratio::Percent(7)));
}

}  // namespace
}  // namespace faultline
