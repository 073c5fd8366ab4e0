#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/hold.h"
#include "tests/unit/timeline/engine_harness.h"

namespace faultline {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Two steps, one after the other: holds at 10 s and 20 s.
Timeline Waiting() {
  Timeline timeline = SampleTimeline({{seconds(10), seconds(10)}, {seconds(20), seconds(10)}});
  timeline.holds = HoldsOf(timeline.steps);
  return timeline;
}

using EngineHoldTest = EngineTest;

TEST_F(EngineHoldTest, NothingBeginsUntilToldToProceed) {
  ArmAndFire(Waiting());
  RunTo(minutes(2));
  EXPECT_THAT(Acting(), IsEmpty());
  EXPECT_THAT(engine_.Held(), ElementsAre(run_));
}

TEST_F(EngineHoldTest, HoldsThatTakeNoTimeChangeNothing) {
  ArmAndFire(Waiting());
  ASSERT_TRUE(engine_.Proceed(run_, 0, Duration(0)).ok());
  RunTo(seconds(12));
  ASSERT_TRUE(engine_.Proceed(run_, 1, Duration(0)).ok());
  RunTo(seconds(60));
  EXPECT_THAT(listener_.lines, ElementsAre("fired 0", "healed 0", "fired 1", "healed 1", "end completed"));
  for (const StepReport& report : listener_.steps) EXPECT_EQ(report.actual, report.planned);
  EXPECT_EQ(listener_.ends[0].at, seconds(60));
}

TEST_F(EngineHoldTest, PresentStepActsOnAndAllThatFollowsComesLater) {
  ArmAndFire(Waiting());
  ASSERT_TRUE(engine_.Proceed(run_, 0, Duration(0)).ok());
  RunTo(seconds(24));
  EXPECT_THAT(Acting(), ElementsAre(0));
  // The lease alone bounds it now.
  EXPECT_LE(*kernel_.GateEnd(run_, 0), clock_.Now() + seconds(15));
  ASSERT_TRUE(engine_.Proceed(run_, 1, seconds(5)).ok());
  RunTo(seconds(25) - Duration(1));
  EXPECT_THAT(Acting(), ElementsAre(0));
  kernel_.TakeOperations();
  RunTo(seconds(25));
  EXPECT_THAT(kernel_.TakeOperations(), ElementsAre(HasSubstr("close 0 open 1")));
  RunTo(seconds(65));
  EXPECT_THAT(listener_.lines, ElementsAre("fired 0", "healed 0", "fired 1", "healed 1", "end completed"));
  for (const StepReport& report : listener_.steps) EXPECT_EQ(report.actual, report.planned);
  ASSERT_EQ(listener_.steps.size(), 4u);
  EXPECT_EQ(listener_.steps[2].planned, seconds(25));
  EXPECT_EQ(listener_.ends[0].at, seconds(65));
}

TEST_F(EngineHoldTest, ProceedingTwiceIsProceedingOnce) {
  ArmAndFire(Waiting());
  ASSERT_TRUE(engine_.Proceed(run_, 0, seconds(1)).ok());
  ASSERT_TRUE(engine_.Proceed(run_, 0, seconds(7)).ok());
  RunTo(seconds(11));
  EXPECT_THAT(Acting(), ElementsAre(0));
  RunTo(minutes(1));
  EXPECT_THAT(Acting(), ElementsAre(0));
  EXPECT_THAT(listener_.lines, ElementsAre("fired 0"));
}

TEST_F(EngineHoldTest, LateWordIsCarriedOutAtOnceAndItsLatenessTold) {
  ArmAndFire(Waiting());
  RunTo(seconds(14));
  ASSERT_TRUE(engine_.Proceed(run_, 0, seconds(3)).ok());
  EXPECT_THAT(Acting(), ElementsAre(0));
  ASSERT_EQ(listener_.steps.size(), 1u);
  EXPECT_EQ(listener_.steps[0].planned, seconds(13));
  EXPECT_EQ(listener_.steps[0].actual, seconds(14));
}

TEST_F(EngineHoldTest, LeaseThatRunsOutWhileHeldHeals) {
  ArmAndFire(Waiting());
  ASSERT_TRUE(engine_.Proceed(run_, 0, Duration(0)).ok());
  RunTo(seconds(30));
  EXPECT_THAT(Acting(), ElementsAre(0));
  RunTo(seconds(46), /*heard=*/false);
  EXPECT_THAT(listener_.lines, ElementsAre("fired 0", "healed 0", "end lease lost"));
  // What was to come is not told as if it had been planned for then.
  ASSERT_EQ(listener_.steps.size(), 2u);
  EXPECT_EQ(listener_.steps[1].planned, listener_.steps[1].actual);
}

TEST_F(EngineHoldTest, StoppedEngineWakesUpHeld) {
  ArmAndFire(Waiting());
  ASSERT_TRUE(engine_.Proceed(run_, 0, Duration(0)).ok());
  RunTo(seconds(15));
  clock_.Set(t0_ + seconds(27));
  engine_.Advance();
  engine_.TidyUp();
  EXPECT_THAT(Acting(), ElementsAre(0));
}

TEST_F(EngineHoldTest, WhatCannotBeIsRefusedAndChangesNothing) {
  ArmAndFire(Waiting());
  EXPECT_EQ(engine_.Proceed(RunId("other"), 0, Duration(0)).code(), absl::StatusCode::kNotFound);
  // Too early: it changes nothing either, and comes again.
  EXPECT_TRUE(engine_.Proceed(run_, 1, seconds(5)).ok());
  EXPECT_EQ(engine_.Proceed(run_, 0, -Duration(1)).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(engine_.Proceed(run_, 0, kLongestHold + Duration(1)).code(), absl::StatusCode::kInvalidArgument);
  for (std::size_t hold : {0, 1}) ASSERT_TRUE(engine_.Proceed(run_, hold, Duration(0)).ok());
  EXPECT_EQ(engine_.Proceed(run_, 2, Duration(0)).code(), absl::StatusCode::kInvalidArgument);
  RunTo(seconds(60));
  EXPECT_THAT(listener_.lines, ElementsAre("fired 0", "healed 0", "fired 1", "healed 1", "end completed"));
}

TEST_F(EngineHoldTest, NoHoldOutlastsTheLongestRunThatIsAllowed) {
  ArmAndFire(Waiting());
  ASSERT_TRUE(engine_.Proceed(run_, 0, Duration(0)).ok());
  // Of an hour, a minute is the run's own.
  RunTo(hours(1) - seconds(40));
  EXPECT_THAT(Acting(), ElementsAre(0));
  RunTo(hours(1) - seconds(38));
  EXPECT_THAT(Acting(), IsEmpty());
  EXPECT_THAT(listener_.lines, ElementsAre("fired 0", "healed 0", "end failed"));
  ASSERT_EQ(listener_.ends.size(), 1u);
  EXPECT_THAT(listener_.ends[0].detail, HasSubstr("guard.max_duration of 1h"));
}

TEST_F(EngineHoldTest, StatusTellsWhatIsLeftIfItWentOnNow) {
  ArmAndFire(Waiting());
  ASSERT_TRUE(engine_.Proceed(run_, 0, Duration(0)).ok());
  RunTo(seconds(14));
  EXPECT_EQ(engine_.status().runs[0].steps[0].left, seconds(6));
  RunTo(seconds(24));
  EXPECT_EQ(engine_.status().runs[0].steps[0].left, seconds(0));
}

}  // namespace
}  // namespace faultline
