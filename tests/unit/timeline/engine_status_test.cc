#include "agent/timeline/engine_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/timeline/engine.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_kernel.h"
#include "tests/unit/timeline/timeline_samples.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SilentListener : public EngineListener {
 public:
  void OnStep(const RunId&, const StepReport&) override {}
  void OnForeignChange(const RunId&, std::optional<Duration>, const std::string&) override {}
  void OnRunEnd(const RunId&, const RunReport&) override {}
};

class EngineStatusTest : public ::testing::Test {
 protected:
  void Arm(const Timeline& timeline) { ASSERT_TRUE(engine_.Arm(timeline, SampleProgram(timeline)).ok()); }
  void ArmAndFire(const Timeline& timeline) {
    Arm(timeline);
    ASSERT_TRUE(engine_.Fire(timeline.run, clock_.Now()).ok());
  }
  void Pass(Duration time) {
    clock_.Advance(time);
    engine_.Advance();
    engine_.TidyUp();
  }
  EngineStatus::Step OnlyStep() {
    const EngineStatus status = engine_.status();
    EXPECT_THAT(status.runs, SizeIs(1));
    EXPECT_THAT(status.runs.at(0).steps, SizeIs(1));
    return status.runs.at(0).steps.at(0);
  }

  FakeClock clock_;
  FakeKernel kernel_{clock_};
  SilentListener listener_;
  Engine engine_{kernel_, clock_, listener_, Limits{}};
};

TEST_F(EngineStatusTest, NothingHeldIsNothingToTell) {
  EXPECT_THAT(engine_.status().runs, IsEmpty());
  EXPECT_FALSE(engine_.status().residue);
}

TEST_F(EngineStatusTest, AnArmedRunHasALeaseAndNoFault) {
  Arm(SampleTimeline({{seconds(0), seconds(10)}}));
  kernel_.TakeOperations();
  clock_.Advance(seconds(4));
  const EngineStatus::Run run = engine_.status().runs.at(0);
  EXPECT_EQ(run.id.text(), "split-1");
  EXPECT_FALSE(run.fired);
  EXPECT_EQ(run.lease, seconds(15));
  EXPECT_EQ(run.lease_left, seconds(11));
  EXPECT_EQ(OnlyStep().left, std::nullopt);
  EXPECT_EQ(OnlyStep().gate_left, std::nullopt);
  EXPECT_EQ(OnlyStep().counters, std::nullopt);
  EXPECT_THAT(kernel_.TakeOperations(), IsEmpty());
}

TEST_F(EngineStatusTest, AnActiveStepHasItsRestAndItsGates) {
  ArmAndFire(SampleTimeline({{seconds(2), seconds(40)}}));
  Pass(seconds(2));
  kernel_.SetCounters(RunId("split-1"), {.step = 0, .packets = 7, .bytes = 700});
  Pass(seconds(3));
  const EngineStatus::Step step = OnlyStep();
  EXPECT_EQ(step.name, "step-0");
  EXPECT_EQ(step.left, seconds(37));
  // The lease of 15 s ends before the step does.
  EXPECT_EQ(step.gate_left, seconds(10));
  ASSERT_TRUE(step.counters);
  EXPECT_EQ(step.counters->packets, 7u);
}

TEST_F(EngineStatusTest, AFlapsGateIsClosedBetweenItsPhases) {
  Timeline timeline = SampleTimeline({{seconds(0), seconds(10)}});
  timeline.steps[0].flap = Flap{.down = seconds(1), .up = seconds(2)};
  ArmAndFire(timeline);
  EXPECT_TRUE(OnlyStep().gate_left);
  Pass(milliseconds(1500));
  EXPECT_EQ(OnlyStep().gate_left, std::nullopt);
  EXPECT_EQ(OnlyStep().left, milliseconds(8500));
}

TEST_F(EngineStatusTest, StepsOfOthersAreNotOurs) {
  Timeline timeline = SampleTimeline({{seconds(0), seconds(10)}, {seconds(0), seconds(10)}});
  timeline.steps[0].rules.clear();
  ArmAndFire(timeline);
  EXPECT_EQ(OnlyStep().index, 1u);
}

TEST_F(EngineStatusTest, CountersThatCannotBeReadAreLeftOut) {
  ArmAndFire(SampleTimeline({{seconds(0), seconds(10)}}));
  kernel_.FailCall(1, absl::InternalError("no"));
  const EngineStatus::Step step = OnlyStep();
  EXPECT_EQ(step.counters, std::nullopt);
  EXPECT_TRUE(step.left);
}

TEST_F(EngineStatusTest, ResidueIsToldUntilItIsGone) {
  ArmAndFire(SampleTimeline({{seconds(0), seconds(10)}}));
  kernel_.FailEveryCall(absl::InternalError("no"));
  ASSERT_TRUE(engine_.End(RunId("split-1"), RunEnd::kReleased, "").ok());
  EXPECT_TRUE(engine_.status().residue);
  kernel_.FailEveryCall(absl::OkStatus());
  Arm(SampleTimeline({{seconds(0), seconds(10)}}, "split-2"));
  ASSERT_TRUE(engine_.End(RunId("split-2"), RunEnd::kReleased, "").ok());
  EXPECT_FALSE(engine_.status().residue);
}

}  // namespace
}  // namespace faultline
