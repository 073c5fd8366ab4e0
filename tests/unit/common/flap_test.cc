#include "common/flap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace faultline {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> FlapFieldsOf(const Flap& flap) {
  std::vector<std::string> fields;
  for (const FieldError& error : CheckFlap(flap)) fields.push_back(error.field);
  return fields;
}

const Flap kPlain{seconds(2), seconds(5), Duration(0)};
const Flap kJittery{seconds(2), seconds(5), milliseconds(900)};
// The most jitter that is left beside the shortest phase.
const Flap kTight{milliseconds(300), milliseconds(300), milliseconds(100)};

TEST(FlapTest, BeginsDown) {
  EXPECT_EQ(FlapPhaseAt(kPlain, 7, Duration(0)), (FlapPhase{true, Duration(0), seconds(2)}));
  EXPECT_EQ(FlapPhaseAt(kPlain, 7, seconds(2) - Duration(1)), (FlapPhase{true, Duration(0), seconds(2)}));
  EXPECT_EQ(FlapPhaseAt(kPlain, 7, seconds(2)), (FlapPhase{false, seconds(2), seconds(7)}));
  EXPECT_EQ(FlapPhaseAt(kPlain, 7, seconds(7)), (FlapPhase{true, seconds(7), seconds(9)}));
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const FlapPhase first = FlapPhaseAt(kJittery, seed, Duration(0));
    EXPECT_TRUE(first.down);
    EXPECT_EQ(first.start, Duration(0));
  }
}

TEST(FlapTest, PhasesCoverTimeWithoutGapsAndTakeTurns) {
  for (const Flap& flap : {kPlain, kJittery, kTight}) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      FlapPhase phase = FlapPhaseAt(flap, seed, Duration(0));
      for (int i = 0; i < 200; ++i) {
        ASSERT_GE(phase.end - phase.start, kShortestPhase);
        // Both edges and the last moment belong to it.
        ASSERT_EQ(FlapPhaseAt(flap, seed, phase.start), phase);
        ASSERT_EQ(FlapPhaseAt(flap, seed, phase.end - Duration(1)), phase);
        const FlapPhase next = FlapPhaseAt(flap, seed, phase.end);
        ASSERT_EQ(next.start, phase.end);
        ASSERT_NE(next.down, phase.down);
        phase = next;
      }
    }
  }
}

TEST(FlapTest, AnyMomentLiesInItsPhase) {
  std::mt19937_64 random(1);
  for (const Flap& flap : {kPlain, kJittery, kTight, Flap{kLongestPhase, kLongestPhase, hours(4000)}}) {
    Duration last_start{0};
    Duration elapsed{0};
    while (elapsed / (flap.down + flap.up) < 2000 && elapsed < hours(1'000'000)) {
      elapsed += Duration(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(flap.up.count() / 2)));
      const FlapPhase phase = FlapPhaseAt(flap, 42, elapsed);
      ASSERT_LE(phase.start, elapsed);
      ASSERT_GT(phase.end, elapsed);
      ASSERT_GE(phase.start, last_start);
      last_start = phase.start;
    }
  }
}

TEST(FlapTest, JitterKeepsEachChangeNearItsTime) {
  bool early = false;
  bool late = false;
  for (int n = 1; n < 400; ++n) {
    const Duration plain = (n / 2) * seconds(7) + (n % 2) * seconds(2);
    // A change is within the jitter of its time: before that the old phase, after that the new one.
    const FlapPhase before = FlapPhaseAt(kJittery, 3, plain - kJittery.jitter - Duration(1));
    const FlapPhase after = FlapPhaseAt(kJittery, 3, plain + kJittery.jitter);
    ASSERT_EQ(before.end, after.start) << n;
    ASSERT_EQ(before.down, n % 2 == 1);
    early = early || after.start < plain - milliseconds(500);
    late = late || after.start > plain + milliseconds(500);
  }
  EXPECT_TRUE(early && late);
}

TEST(FlapTest, TheSeedDecidesAndNothingElse) {
  int different = 0;
  for (int i = 1; i < 100; ++i) {
    const Duration elapsed = i * seconds(3);
    EXPECT_EQ(FlapPhaseAt(kJittery, 5, elapsed), FlapPhaseAt(kJittery, 5, elapsed));
    if (!(FlapPhaseAt(kJittery, 5, elapsed) == FlapPhaseAt(kJittery, 6, elapsed))) ++different;
    EXPECT_EQ(FlapPhaseAt(kPlain, 5, elapsed), FlapPhaseAt(kPlain, 6, elapsed));
  }
  EXPECT_GT(different, 90);
}

TEST(FlapTest, FarInTimeIsAsNear) {
  const Duration far = hours(10'000);
  const FlapPhase phase = FlapPhaseAt(kJittery, 1, far);
  EXPECT_LE(phase.start, far);
  EXPECT_GT(phase.end, far);
}

TEST(FlapDownTimeTest, TenThousandHoursTakeNoTime) {
  const Duration long_time = std::chrono::hours(10'000);
  const double share = static_cast<double>(FlapDownTime(kJittery, 9, Duration(0), long_time).count()) /
                       static_cast<double>(long_time.count());
  EXPECT_NEAR(share,
              static_cast<double>(kJittery.down.count()) / static_cast<double>((kJittery.down + kJittery.up).count()),
              1e-6);
}

TEST(FlapDownTimeTest, AddsUpThePhases) {
  EXPECT_EQ(FlapDownTime(kPlain, 0, Duration(0), seconds(7)), seconds(2));
  EXPECT_EQ(FlapDownTime(kPlain, 0, seconds(1), seconds(8)), seconds(2));
  EXPECT_EQ(FlapDownTime(kPlain, 0, seconds(3), seconds(6)), Duration(0));
  EXPECT_EQ(FlapDownTime(kPlain, 0, seconds(3), seconds(3)), Duration(0));
  EXPECT_EQ(FlapDownTime(kPlain, 0, Duration(0), seconds(70)), seconds(20));
  // Cutting an interval anywhere does not change the sum.
  for (int cut = 0; cut <= 60; ++cut) {
    EXPECT_EQ(FlapDownTime(kJittery, 9, Duration(0), cut * seconds(1)) +
                  FlapDownTime(kJittery, 9, cut * seconds(1), seconds(60)),
              FlapDownTime(kJittery, 9, Duration(0), seconds(60)));
  }
}

TEST(CheckFlapTest, Phases) {
  EXPECT_THAT(FlapFieldsOf(kPlain), IsEmpty());
  EXPECT_THAT(FlapFieldsOf({kShortestPhase, kShortestPhase, Duration(0)}), IsEmpty());
  EXPECT_THAT(FlapFieldsOf({kLongestPhase, kLongestPhase, Duration(0)}), IsEmpty());
  EXPECT_THAT(FlapFieldsOf({kShortestPhase - Duration(1), Duration(0), Duration(0)}),
              ElementsAre("flap.down", "flap.up"));
  EXPECT_THAT(FlapFieldsOf({-seconds(1), seconds(1), Duration(0)}), ElementsAre("flap.down"));
  EXPECT_THAT(FlapFieldsOf({kLongestPhase + Duration(1), Duration::max(), Duration(0)}),
              ElementsAre("flap.down", "flap.up"));
}

TEST(CheckFlapTest, Jitter) {
  EXPECT_THAT(FlapFieldsOf(kTight), IsEmpty());
  EXPECT_THAT(FlapFieldsOf({milliseconds(300), milliseconds(300), milliseconds(100) + Duration(1)}),
              ElementsAre("flap.jitter"));
  EXPECT_THAT(FlapFieldsOf({seconds(1), seconds(1), -Duration(1)}), ElementsAre("flap.jitter"));
  EXPECT_THAT(FlapFieldsOf({seconds(1), seconds(1), Duration::max()}), ElementsAre("flap.jitter"));
}

}  // namespace
}  // namespace faultline
