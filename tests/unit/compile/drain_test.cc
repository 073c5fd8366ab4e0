#include "controller/compile/drain.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(DrainTimeTest, IsTheLongestDelay) {
  Step step;
  step.length = seconds(10);
  EXPECT_EQ(DrainTime(step, Duration(0), seconds(10)), Duration(0));
  step.effect = Impairment{.delay = milliseconds(80), .jitter = milliseconds(10)};
  EXPECT_EQ(DrainTime(step, Duration(0), seconds(10)), milliseconds(90));
  EXPECT_EQ(DrainTime(step, seconds(3), seconds(3)), Duration(0));
}

TEST(DrainTimeTest, OfARampIsWhatIsInForceAtTheEnd) {
  Step step;
  step.length = seconds(60);
  step.effect = Impairment{};
  step.ramp = Ramp{.to = {.delay = seconds(6)}, .over = seconds(60), .changes = 6};
  EXPECT_EQ(DrainTime(step, Duration(0), seconds(60)), seconds(6));
  EXPECT_EQ(DrainTime(step, Duration(0), seconds(30)), seconds(3));
  EXPECT_EQ(DrainTime(step, Duration(0), seconds(29)), seconds(2));
}

// By brute force: every packet of a fine raster goes in and comes out.
TEST(DrainTimeTest, HoldsForEveryRamp) {
  std::mt19937 random(3);
  const auto below = [&random](int limit) { return static_cast<int>(random() % static_cast<unsigned>(limit)); };
  for (int i = 0; i < 300; ++i) {
    Step step;
    step.length = milliseconds(2'000 + below(8'000));
    step.effect = Impairment{.delay = milliseconds(below(9'000))};
    step.ramp = Ramp{.to = {.delay = milliseconds(below(9'000))},
                     .over = milliseconds(1'000 + below(9'000)),
                     .changes = static_cast<std::uint32_t>(1 + below(9))};
    const Duration start = milliseconds(below(2'000));
    const Duration end = start + milliseconds(1 + below(5'000));
    Duration last = end;
    for (Duration in = start; in < end; in += milliseconds(1)) {
      last = std::max(last, in + ImpairmentAt(step, in).LongestDelay());
    }
    EXPECT_GE(DrainTime(step, start, end), last - end);
    const Duration from = std::get<Impairment>(step.effect).delay;
    const Duration change = (std::max(from, step.ramp->to.delay) - std::min(from, step.ramp->to.delay)) /
                            static_cast<std::int64_t>(RampChanges(*step.ramp));
    EXPECT_LE(DrainTime(step, start, end), last - end + milliseconds(1) + change);
  }
}

}  // namespace
}  // namespace faultline
