#include "common/ramp.h"

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

std::vector<std::string> RampFieldsOf(const std::vector<FieldError>& errors) {
  std::vector<std::string> fields;
  for (const FieldError& error : errors) fields.push_back(error.field);
  return fields;
}

// Everything that a ramp can move.
Impairment Start() {
  Impairment start;
  start.delay = milliseconds(10);
  start.jitter = milliseconds(1);
  start.loss = Ratio::Percent(1);
  start.duplicate = Ratio::Percent(2);
  start.corrupt = Ratio::Percent(3);
  start.reorder = Ratio::Percent(50);
  start.rate = BitRate{10'000'000};
  return start;
}

Impairment End() {
  Impairment end;
  end.delay = milliseconds(310);
  end.jitter = milliseconds(31);
  end.loss = Ratio::Percent(100);
  end.duplicate = Ratio();
  end.corrupt = Ratio::PartsPerBillion(7);
  end.reorder = Ratio::Percent(10);
  end.rate = BitRate{1'000'003};
  return end;
}

Ramp Over(Duration over, std::uint32_t changes = 0) { return {.to = End(), .over = over, .changes = changes}; }

TEST(RampTest, ChangesAreAsManyAsAskedOrOneAnInterval) {
  EXPECT_EQ(RampChanges(Over(seconds(45), 10)), 10u);
  EXPECT_EQ(RampChanges(Over(seconds(45))), 225u);
  EXPECT_EQ(RampChanges(Over(milliseconds(399))), 1u);
  EXPECT_EQ(RampChanges(Over(milliseconds(400))), 2u);
  EXPECT_EQ(RampChanges(Over(Duration(1))), 1u);
}

TEST(RampTest, ChangesAreEvenAndTheLastIsAtTheEnd) {
  const Ramp ramp = Over(seconds(45), 10);
  EXPECT_EQ(RampChangeTime(ramp, 1), milliseconds(4500));
  EXPECT_EQ(RampChangeTime(ramp, 9), milliseconds(40'500));
  EXPECT_EQ(RampChangeTime(ramp, 10), seconds(45));
}

// Good ones of lengths and numbers of changes of every size, also such that a double cannot hold.
std::vector<Ramp> ManyRamps() {
  std::vector<Ramp> ramps = {Over(Duration(1)),
                             Over(milliseconds(100), 1),
                             Over(seconds(45)),
                             Over(seconds(45), 7),
                             Over(seconds(1), 3),
                             Over(hours(10'000)),
                             Over(hours(10'000), 360'000'000),
                             Over(Duration(35'999'999'999'999'999), 359'999'999)};
  std::mt19937_64 random(1);
  for (int i = 0; i < 300; ++i) {
    const Duration over(static_cast<std::int64_t>(random() % 36'000'000'000'000'000 >> (random() % 40)) + 1);
    const auto most = static_cast<std::uint64_t>(over / milliseconds(100));
    ramps.push_back(Over(over, static_cast<std::uint32_t>(random() % (most + 1) >> (random() % 30))));
  }
  for (const Ramp& ramp : ramps) EXPECT_THAT(CheckRamp(Start(), ramp), IsEmpty());
  return ramps;
}

TEST(RampTest, PositionIsTheInverseOfChangeTime) {
  std::mt19937_64 random(2);
  for (const Ramp& ramp : ManyRamps()) {
    const std::size_t changes = RampChanges(ramp);
    ASSERT_EQ(RampChangeTime(ramp, changes), ramp.over);
    for (int i = 0; i < 50; ++i) {
      const std::size_t change = i == 0 ? 1 : i == 1 ? changes : random() % changes + 1;
      const Duration time = RampChangeTime(ramp, change);
      ASSERT_EQ(RampPosition(ramp, time), change) << ramp.over.count() << " " << changes;
      ASSERT_EQ(RampPosition(ramp, time - Duration(1)), change - 1) << ramp.over.count() << " " << changes;
    }
  }
}

TEST(RampTest, PositionIsHowManyChangesAreDue) {
  std::mt19937_64 random(3);
  for (const Ramp& ramp : ManyRamps()) {
    const std::size_t changes = RampChanges(ramp);
    EXPECT_EQ(RampPosition(ramp, Duration(0)), 0u);
    EXPECT_EQ(RampPosition(ramp, -seconds(1)), 0u);
    EXPECT_EQ(RampPosition(ramp, ramp.over), changes);
    EXPECT_EQ(RampPosition(ramp, ramp.over + hours(1)), changes);
    for (int i = 0; i < 50; ++i) {
      const Duration elapsed(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(ramp.over.count())));
      const std::size_t position = RampPosition(ramp, elapsed);
      ASSERT_LT(position, changes);
      ASSERT_TRUE(position == 0 || RampChangeTime(ramp, position) <= elapsed);
      ASSERT_GT(RampChangeTime(ramp, position + 1), elapsed);
    }
  }
}

TEST(RampTest, ValueHitsBothEnds) {
  for (const Ramp& ramp : ManyRamps()) {
    ASSERT_EQ(RampValue(Start(), ramp, 0), Start());
    ASSERT_EQ(RampValue(Start(), ramp, RampChanges(ramp)), End());
    ASSERT_EQ(RampValue(Start(), ramp, RampChanges(ramp) + 1), End());
  }
}

TEST(RampTest, ValueMovesInAStraightLine) {
  const Ramp ramp = Over(seconds(3), 3);
  Impairment third = Start();
  third.delay = milliseconds(110);
  third.jitter = milliseconds(11);
  third.loss = Ratio::Percent(34);
  third.duplicate = Ratio::PartsPerBillion(13'333'333);
  third.corrupt = Ratio::PartsPerBillion(20'000'002);
  third.reorder = Ratio::PartsPerBillion(366'666'667);
  third.rate = BitRate{7'000'001};
  EXPECT_EQ(RampValue(Start(), ramp, 1), third);
}

TEST(RampTest, ValuesBetweenGoodEndsAreGood) {
  Impairment nothing;
  nothing.distribution = Distribution::kNormal;
  nothing.rate = BitRate{8'000};
  const Ramp ramp{.to = End(), .over = seconds(100), .changes = 1000};
  Ramp from_nothing = ramp;
  from_nothing.to.distribution = Distribution::kNormal;
  ASSERT_THAT(CheckRamp(nothing, from_nothing), IsEmpty());
  ASSERT_THAT(CheckRamp(Start(), ramp), IsEmpty());
  for (std::size_t i = 1; i <= 1000; ++i) {
    ASSERT_THAT(CheckImpairment(RampValue(nothing, from_nothing, i)), IsEmpty()) << i;
    ASSERT_THAT(CheckImpairment(RampValue(Start(), ramp, i)), IsEmpty()) << i;
  }
}

TEST(CheckRampTest, Length) {
  EXPECT_THAT(RampFieldsOf(CheckRamp(Start(), Over(Duration(0)))), ElementsAre("ramp.over"));
  EXPECT_THAT(RampFieldsOf(CheckRamp(Start(), Over(-seconds(1)))), ElementsAre("ramp.over"));
  EXPECT_THAT(RampFieldsOf(CheckRamp(Start(), Over(seconds(1), 11))), ElementsAre("ramp.steps"));
  EXPECT_THAT(CheckRamp(Start(), Over(seconds(1), 10)), IsEmpty());
}

TEST(CheckRampTest, OnlyNumbersMove) {
  Ramp ramp = Over(seconds(1));
  EXPECT_THAT(RampFieldsOf(CheckRamp(End(), ramp)), ElementsAre("ramp"));
  ramp.to.rate.reset();
  EXPECT_THAT(RampFieldsOf(CheckRamp(Start(), ramp)), ElementsAre("ramp"));
  ramp = Over(seconds(1));
  ramp.to.distribution = Distribution::kPareto;
  EXPECT_THAT(RampFieldsOf(CheckRamp(Start(), ramp)), ElementsAre("ramp"));
  ramp = Over(seconds(1));
  ramp.to.loss_correlation = Ratio::Percent(1);
  EXPECT_THAT(RampFieldsOf(CheckRamp(Start(), ramp)), ElementsAre("ramp"));
}

TEST(CheckRampTest, BothEndsAreChecked) {
  Impairment start = Start();
  start.loss = Ratio::Percent(101);
  Ramp ramp = Over(seconds(1));
  ramp.to.delay = hours(2);
  EXPECT_THAT(RampFieldsOf(CheckRamp(start, ramp)), ElementsAre("loss", "ramp.delay"));
  ramp = Over(seconds(1));
  ramp.to.jitter = ramp.to.delay + Duration(1);
  EXPECT_THAT(RampFieldsOf(CheckRamp(Start(), ramp)), ElementsAre("ramp.jitter"));
  ramp = Over(seconds(1));
  ramp.to.rate = BitRate{0};
  EXPECT_THAT(RampFieldsOf(CheckRamp(Start(), ramp)), ElementsAre("ramp.rate"));
}

TEST(CheckRampTest, WhatIsWrongAtBothEndsIsSaidOnce) {
  Impairment start = Start();
  start.duplicate = Ratio::Percent(101);
  Ramp ramp{.to = start, .over = seconds(1)};
  ramp.to.delay = milliseconds(20);
  EXPECT_THAT(RampFieldsOf(CheckRamp(start, ramp)), ElementsAre("duplicate"));
}

TEST(CheckRampTest, AnEndMayBeNothing) {
  Ramp up{.to = {}, .over = seconds(1)};
  up.to.delay = milliseconds(300);
  EXPECT_THAT(CheckRamp(Impairment(), up), IsEmpty());
  const Ramp down{.to = {}, .over = seconds(1)};
  EXPECT_THAT(CheckRamp(up.to, down), IsEmpty());
  EXPECT_THAT(RampFieldsOf(CheckRamp(Impairment(), down)), ElementsAre("impair", "ramp"));
}

TEST(CheckRampTest, WhatANumberAtOneEndNeedsItMayHaveAtTheOther) {
  Impairment from;
  from.distribution = Distribution::kNormal;
  from.loss_correlation = Ratio::Percent(10);
  Ramp ramp{.to = from, .over = seconds(1)};
  ramp.to.delay = milliseconds(300);
  ramp.to.jitter = milliseconds(30);
  ramp.to.loss = Ratio::Percent(1);
  ramp.to.reorder = Ratio::Percent(1);
  EXPECT_THAT(CheckRamp(from, ramp), IsEmpty());
  ramp.to.loss = Ratio();
  EXPECT_THAT(RampFieldsOf(CheckRamp(from, ramp)), ElementsAre("loss.correlation"));
  ramp.to = from;
  ramp.to.jitter = milliseconds(1);
  ramp.to.loss = Ratio::Percent(1);
  EXPECT_THAT(RampFieldsOf(CheckRamp(from, ramp)), ElementsAre("ramp.jitter"));
}

TEST(CheckRampTest, JitterAboveTheDelayIsWrongAtEitherEnd) {
  Impairment from;
  from.jitter = milliseconds(10);
  Ramp ramp{.to = from, .over = seconds(1)};
  ramp.to.delay = milliseconds(300);
  const std::vector<FieldError> errors = CheckRamp(from, ramp);
  ASSERT_THAT(RampFieldsOf(errors), ElementsAre("jitter"));
  EXPECT_EQ(errors[0].message, "10ms is more than the delay of 0s; no packet can arrive before it is sent");
}

TEST(CheckRampTest, BurstsAndSamples) {
  Impairment bursty;
  bursty.bursts = GilbertElliott{Ratio::Percent(1), Ratio::Percent(10)};
  Ramp ramp{.to = bursty, .over = seconds(1)};
  ramp.to.loss = Ratio::Percent(1);
  EXPECT_THAT(RampFieldsOf(CheckRamp(bursty, ramp)), ElementsAre("ramp.loss"));
  Impairment sampled;
  sampled.distribution = Distribution::kSamples;
  sampled.samples = {Duration(1), Duration(2)};
  ramp.to = sampled;
  ramp.to.loss = Ratio::Percent(1);
  EXPECT_THAT(RampFieldsOf(CheckRamp(sampled, ramp)), ElementsAre("ramp"));
}

}  // namespace
}  // namespace faultline
