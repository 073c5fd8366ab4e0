#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/unit/timeline/engine_harness.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(EngineTest, ArmedRunIsInertUntilT0) {
  ArmAndFire(SampleTimeline({{seconds(0), seconds(10)}}));
  RunTo(-milliseconds(1));
  EXPECT_THAT(Acting(), IsEmpty());
  RunTo(Duration(0));
  EXPECT_THAT(Acting(), ElementsAre(0));
}

TEST_F(EngineTest, StepsFireAndHealAtTheirInstants) {
  ArmAndFire(SampleTimeline({{seconds(10), seconds(20)}, {seconds(30), seconds(10)}}));
  RunTo(seconds(60));
  EXPECT_THAT(listener_.lines, ElementsAre("fired 0", "healed 0", "fired 1", "healed 1", "end completed"));
  for (const StepReport& report : listener_.steps) EXPECT_EQ(report.actual, report.planned);
  EXPECT_EQ(listener_.ends[0].at, seconds(60));
}

TEST_F(EngineTest, StepThatEndsAsAnotherBeginsIsOneSwitch) {
  ArmAndFire(SampleTimeline({{seconds(10), seconds(20)}, {seconds(30), seconds(10)}}));
  RunTo(seconds(29));
  kernel_.TakeOperations();
  RunTo(seconds(30));
  EXPECT_THAT(kernel_.TakeOperations(), ElementsAre(HasSubstr("close 0 open 1")));
}

TEST_F(EngineTest, OverlappingStepsActTogether) {
  ArmAndFire(SampleTimeline({{seconds(10), seconds(20)}, {seconds(20), seconds(20)}}));
  RunTo(seconds(25));
  EXPECT_THAT(Acting(), ElementsAre(0, 1));
  RunTo(seconds(35));
  EXPECT_THAT(Acting(), ElementsAre(1));
}

TEST_F(EngineTest, TellsOfForeignChangesThatConcernARun) {
  engine_.Tell({.text = "before there was a run"});
  Arm(SampleTimeline({{seconds(10), seconds(20)}}));
  engine_.Tell({.run = RunId("other-1"), .text = "of another"});
  engine_.Tell({.text = "of all"});
  t0_ = clock_.Now() + seconds(1);
  ASSERT_TRUE(engine_.Fire(run_, t0_).ok());
  RunTo(seconds(2));
  engine_.Tell({.run = run_, .text = "of this"});
  EXPECT_THAT(listener_.lines, ElementsAre("foreign split-1 - of all", "foreign split-1 2s of this"));
  EXPECT_THAT(Acting(), IsEmpty());
}

TEST_F(EngineTest, CountersAreReadOnlyBetweenItsDeadlines) {
  EXPECT_TRUE(engine_.ReadCounters().empty());
  ArmAndFire(SampleTimeline({{seconds(10), seconds(20)}}));
  EXPECT_TRUE(engine_.ReadCounters().empty()) << "it has not begun";
  RunTo(seconds(5));
  const RuleCounters counters{.step = 0, .packets = 3, .bytes = 180};
  kernel_.SetCounters(run_, counters);
  EXPECT_THAT(engine_.ReadCounters().at(run_), ElementsAre(counters));
  RunTo(seconds(10) - milliseconds(49));
  kernel_.TakeOperations();
  EXPECT_TRUE(engine_.ReadCounters().empty()) << "a step is about to begin";
  EXPECT_THAT(kernel_.TakeOperations(), IsEmpty());
}

TEST_F(EngineTest, KernelHealsByItselfWhenNobodyCallsAnyMore) {
  ArmAndFire(SampleTimeline({{seconds(1), seconds(50)}}));
  RunTo(seconds(20));
  ASSERT_THAT(Acting(), ElementsAre(0));
  clock_.Advance(seconds(15));  // The agent is stopped: no Advance, no Renew.
  EXPECT_THAT(Acting(), IsEmpty());
}

TEST_F(EngineTest, GateNeverOutlivesItsStepByMoreThanItsGrace) {
  ArmAndFire(SampleTimeline({{seconds(1), seconds(2)}}));
  RunTo(seconds(1));
  EXPECT_EQ(kernel_.GateEnd(run_, 0), t0_ + seconds(3) + milliseconds(100));
}

TEST_F(EngineTest, RunEndsWhenTheControllerIsNotHeardOfForTheLease) {
  ArmAndFire(SampleTimeline({{seconds(1), seconds(50)}}));
  RunTo(seconds(10));
  RunTo(seconds(24), /*heard=*/false);
  EXPECT_THAT(Acting(), ElementsAre(0));
  RunTo(seconds(25), /*heard=*/false);
  EXPECT_THAT(listener_.lines, ElementsAre("fired 0", "healed 0", "end lease lost"));
}

TEST_F(EngineTest, ArmedRunThatIsNeverFiredEndsWithItsLease) {
  Arm(SampleTimeline({{seconds(1), seconds(50)}}));
  clock_.Advance(seconds(15));
  engine_.Advance();
  engine_.TidyUp();
  EXPECT_THAT(listener_.lines, ElementsAre("end lease lost"));
  EXPECT_EQ(listener_.ends[0].at, std::nullopt);
}

TEST_F(EngineTest, RunThatContinuesOutlivesItsController) {
  Timeline timeline = SampleTimeline({{seconds(1), seconds(50)}});
  timeline.on_controller_loss = ControllerLoss::kContinue;
  ArmAndFire(timeline);
  RunTo(seconds(50), /*heard=*/false);
  EXPECT_THAT(Acting(), ElementsAre(0));
  RunTo(seconds(60), /*heard=*/false);
  EXPECT_THAT(listener_.lines, ElementsAre("fired 0", "healed 0", "end completed"));
}

TEST_F(EngineTest, T0FurtherAheadThanTheLeaseIsRefused) {
  Timeline timeline = SampleTimeline({{seconds(1), seconds(50)}});
  timeline.on_controller_loss = ControllerLoss::kContinue;
  Arm(timeline);
  const absl::Status status = engine_.Fire(run_, clock_.Now() + timeline.lease + seconds(1));
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("is to begin in 16s, later than its lease of 15s"));
  EXPECT_TRUE(engine_.Fire(run_, clock_.Now() + timeline.lease).ok());
}

TEST_F(EngineTest, KernelStillBoundsARunThatContinues) {
  Timeline timeline = SampleTimeline({{seconds(1), seconds(50)}});
  timeline.on_controller_loss = ControllerLoss::kContinue;
  ArmAndFire(timeline);
  RunTo(seconds(20), /*heard=*/false);
  clock_.Advance(seconds(15));  // The agent is stopped.
  EXPECT_THAT(Acting(), IsEmpty());
}

TEST_F(EngineTest, LeaseCountsFromWhenTheControllerSpokeNotFromArrival) {
  ArmAndFire(SampleTimeline({{seconds(1), seconds(50)}}));
  RunTo(seconds(10));
  engine_.Renew(run_, clock_.Now() - seconds(5));  // Older than what is known: no gain.
  EXPECT_EQ(kernel_.GateEnd(run_, 0), clock_.Now() + seconds(15));
}

TEST_F(EngineTest, LateWakeUpDoesNotReplayThePast) {
  ArmAndFire(SampleTimeline({{seconds(2), seconds(2)}, {seconds(6), seconds(5)}}));
  RunTo(seconds(1));
  clock_.Set(t0_ + seconds(7));
  engine_.Advance();
  engine_.TidyUp();
  EXPECT_THAT(Acting(), ElementsAre(1));
  EXPECT_THAT(listener_.lines, ElementsAre("fired 1"));
}

TEST_F(EngineTest, ReleaseHealsAtOnce) {
  ArmAndFire(SampleTimeline({{seconds(1), seconds(50)}}));
  RunTo(seconds(10));
  ASSERT_TRUE(engine_.End(run_, RunEnd::kReleased, "enough").ok());
  EXPECT_THAT(listener_.lines, ElementsAre("fired 0", "healed 0", "end released"));
  EXPECT_EQ(listener_.ends[0].detail, "enough");
  EXPECT_EQ(engine_.NextDeadline(), std::nullopt);
}

TEST_F(EngineTest, OfRunsThatEndTogetherAllGatesAreClosedBeforeOneIsTakenApart) {
  const auto ends = [this](const std::function<void()>& end) {
    for (const char* run : {"run-1", "run-2"}) ArmAndFire(SampleTimeline({{seconds(1), seconds(50)}}, run));
    RunTo(seconds(10));
    kernel_.TakeOperations();
    end();
    std::vector<std::string> operations = kernel_.TakeOperations();
    std::erase_if(operations, [](const std::string& operation) { return operation.starts_with("read counters"); });
    return operations;
  };
  const auto in_order = ElementsAre("switch run-1 close 0", "switch run-2 close 0", "remove run-1", "remove run-2");
  EXPECT_THAT(ends([this] { EXPECT_TRUE(engine_.EndAll(RunEnd::kLocalHeal, "").ok()); }), in_order);
  EXPECT_THAT(ends([this] {
                clock_.Advance(seconds(15));
                engine_.Advance();
                EXPECT_TRUE(engine_.untidy());
                engine_.TidyUp();
                EXPECT_FALSE(engine_.untidy());
              }),
              in_order);
  EXPECT_THAT(listener_.lines, ::testing::Contains("end lease lost").Times(2));
}

TEST_F(EngineTest, ArmIsRefusedByTheKernelAndNothingIsHeld) {
  kernel_.FailCall(1, absl::InternalError("no memory"));
  const Timeline timeline = SampleTimeline({{seconds(1), seconds(50)}});
  EXPECT_THAT(std::string(engine_.Arm(timeline, SampleProgram(timeline)).message()), HasSubstr("no memory"));
  EXPECT_THAT(engine_.Held(), IsEmpty());
}

TEST_F(EngineTest, ArmIsRefusedBeyondTheNodesLimits) {
  Timeline timeline = SampleTimeline({{seconds(1), seconds(2)}});
  timeline.length = std::chrono::hours(2);
  const absl::Status status = engine_.Arm(timeline, SampleProgram(timeline));
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("guard.max_duration of 1h"));
}

TEST_F(EngineTest, FifthRunIsRefused) {
  for (int i = 1; i <= 4; ++i) Arm(SampleTimeline({{seconds(1), seconds(2)}}, absl::StrCat("run-", i)));
  const Timeline fifth = SampleTimeline({{seconds(1), seconds(2)}}, "run-5");
  EXPECT_THAT(std::string(engine_.Arm(fifth, SampleProgram(fifth)).message()), HasSubstr("guard.max_runs"));
}

TEST_F(EngineTest, SameRunTwiceIsRefused) {
  const Timeline timeline = SampleTimeline({{seconds(1), seconds(2)}});
  Arm(timeline);
  EXPECT_EQ(engine_.Arm(timeline, SampleProgram(timeline)).code(), absl::StatusCode::kAlreadyExists);
}

Timeline FlappingTimeline() {
  Timeline timeline = SampleTimeline({{seconds(10), seconds(20)}});
  timeline.steps[0].flap = Flap{.down = seconds(2), .up = seconds(5)};
  return timeline;
}

TEST_F(EngineTest, FlapComesAndGoesWithinItsStep) {
  ArmAndFire(FlappingTimeline());
  std::string acting;
  for (int second = 9; second <= 31; ++second) {
    RunTo(seconds(second));
    acting += Acting().empty() ? '.' : '#';
  }
  EXPECT_EQ(acting, ".##.....##.....##......");
}

TEST_F(EngineTest, FlapIsToldOnceNotAtEveryChange) {
  ArmAndFire(FlappingTimeline());
  RunTo(seconds(60));
  EXPECT_THAT(listener_.lines, ElementsAre("fired 0", "healed 0", "end completed"));
  for (const StepReport& report : listener_.steps) EXPECT_EQ(report.actual, report.planned);
}

TEST_F(EngineTest, EachPhaseOfAFlapIsBoundedInTheKernel) {
  ArmAndFire(FlappingTimeline());
  RunTo(seconds(17));
  EXPECT_EQ(kernel_.GateEnd(run_, 0), t0_ + seconds(19) + milliseconds(100));
}

TEST_F(EngineTest, PhaseLongerThanTheLeaseIsRenewedUpToItsEnd) {
  Timeline timeline = SampleTimeline({{seconds(0), seconds(50)}});
  timeline.steps[0].flap = Flap{.down = seconds(20), .up = seconds(1)};
  ArmAndFire(timeline);
  RunTo(seconds(1));
  EXPECT_EQ(kernel_.GateEnd(run_, 0), clock_.Now() + seconds(15));
  RunTo(seconds(12));
  EXPECT_EQ(kernel_.GateEnd(run_, 0), t0_ + seconds(20) + milliseconds(100));
}

Timeline RampingTimeline() {
  Timeline timeline = SampleTimeline({{seconds(10), seconds(20)}});
  timeline.lease = seconds(60);
  timeline.steps[0].effect = Impairment{.delay = milliseconds(100)};
  timeline.steps[0].ramp = Ramp{.to = {.delay = milliseconds(300)}, .over = seconds(4), .changes = 4};
  return timeline;
}

TEST_F(EngineTest, RampChangesItsLaneAtItsInstants) {
  ArmAndFire(RampingTimeline());
  kernel_.TakeOperations();
  RunTo(seconds(11) - milliseconds(1), /*heard=*/false);
  EXPECT_THAT(kernel_.TakeOperations(), ElementsAre("switch split-1 open 0 20s100ms"));
  RunTo(seconds(14), /*heard=*/false);
  EXPECT_THAT(kernel_.TakeOperations(), ElementsAre("shape split-1 0 delay 150ms", "shape split-1 0 delay 200ms",
                                                    "shape split-1 0 delay 250ms", "shape split-1 0 delay 300ms"));
}

TEST_F(EngineTest, LateWakeUpShapesTheLaneBeforeItsGateOpens) {
  ArmAndFire(RampingTimeline());
  RunTo(seconds(1));
  kernel_.TakeOperations();
  clock_.Set(t0_ + seconds(12));
  engine_.Advance();
  engine_.TidyUp();
  EXPECT_THAT(kernel_.TakeOperations(), ElementsAre("shape split-1 0 delay 200ms", HasSubstr("open 0")));
}

TEST_F(EngineTest, NewInterfaceIsAttachedToEveryRun) {
  Arm(SampleTimeline({{seconds(1), seconds(2)}}, "run-1"));
  Arm(SampleTimeline({{seconds(1), seconds(2)}}, "run-2"));
  kernel_.TakeOperations();
  EXPECT_TRUE(engine_.Attach("eth1").ok());
  EXPECT_THAT(kernel_.TakeOperations(), ElementsAre("attach run-1 eth1", "attach run-2 eth1"));
  kernel_.FailCall(1, absl::NotFoundError("no such device"));
  EXPECT_THAT(std::string(engine_.Attach("eth2").message()), HasSubstr("run run-1: no such device"));
  EXPECT_THAT(kernel_.Installed(RunId("run-2"))->devices, ElementsAre("eth0", "eth1", "eth2"));
}

// Whichever kernel call fails, the run ends and nothing of it is left.
TEST_F(EngineTest, AnyFailingKernelCallHealsEverything) {
  for (int call = 1; call <= 60; ++call) {
    SCOPED_TRACE(call);
    Timeline timeline =
        SampleTimeline({{seconds(1), seconds(20)}, {seconds(10), seconds(20)}, {seconds(35), seconds(20)}});
    timeline.steps[0].flap = Flap{.down = seconds(3), .up = seconds(3)};
    timeline.steps[1].effect = Impairment{.delay = milliseconds(100)};
    timeline.steps[1].ramp = Ramp{.to = {.delay = milliseconds(300)}, .over = seconds(4), .changes = 4};
    ArmAndFire(timeline);
    kernel_.FailCall(call, absl::InternalError("injected"));
    RunTo(seconds(60));
    EXPECT_THAT(engine_.Held(), IsEmpty());
    EXPECT_THAT(Acting(), IsEmpty());
    kernel_.FailCall(1'000'000, absl::OkStatus());
    ASSERT_TRUE(kernel_.Reset().ok());
  }
}

}  // namespace
}  // namespace faultline
