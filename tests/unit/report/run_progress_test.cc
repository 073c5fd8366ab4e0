#include "controller/report/run_progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/report/top_samples.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using State = StepProgress::State;

TEST(RunProgressTest, WithinAStage) {
  const TopRun sample = SampleProgress();
  const RunProgress progress = ProgressOf(sample.run, sample.elapsed);
  EXPECT_EQ(progress.stage, "one-way");
  EXPECT_EQ(progress.number, 2u);
  EXPECT_EQ(progress.stage_left, seconds(8));
  EXPECT_EQ(progress.run_left, seconds(51));
  EXPECT_FALSE(progress.until_start);
  ASSERT_EQ(progress.steps.size(), 2u);
  EXPECT_EQ(progress.steps[0].state, State::kActing);
  // It acts in two stages.
  EXPECT_EQ(progress.steps[0].left, seconds(18));
  EXPECT_EQ(progress.steps[0].fired, 2u);
  EXPECT_EQ(progress.steps[1].state, State::kToCome);
  EXPECT_EQ(progress.steps[1].left, seconds(8));
  EXPECT_EQ(progress.steps[1].effect, "delay 80ms, lose 1%");
}

TEST(RunProgressTest, StepsStandWhereTheirNodesSay) {
  TopRun sample = SampleProgress();
  AddTransition(*sample.run.mutable_nodes(0), 0, v1::TRANSITION_HEALED, seconds(30), milliseconds(1));
  EXPECT_EQ(ProgressOf(sample.run, seconds(31)).steps[0].state, State::kActing);
  EXPECT_EQ(ProgressOf(sample.run, seconds(31)).steps[0].healed, 1u);
  EXPECT_FALSE(ProgressOf(sample.run, seconds(31)).steps[0].left);
  // Of the second step nobody has ever said anything.
  EXPECT_EQ(ProgressOf(sample.run, seconds(29)).steps[1].state, State::kToCome);
  EXPECT_FALSE(ProgressOf(sample.run, seconds(29)).steps[1].left);
  EXPECT_EQ(ProgressOf(sample.run, seconds(30)).steps[1].state, State::kOver);
  AddTransition(*sample.run.mutable_nodes(1), 0, v1::TRANSITION_HEALED, seconds(30), milliseconds(1));
  EXPECT_EQ(ProgressOf(sample.run, seconds(31)).steps[0].state, State::kOver);
}

TEST(RunProgressTest, WhatLiesBehindAHoldIsNotKnown) {
  TopRun sample = SampleProgress();
  EXPECT_FALSE(ProgressOf(sample.run, sample.elapsed).held);
  *sample.run.mutable_schedule(1)->mutable_held() = EncodeDuration(seconds(4));
  const RunProgress progress = ProgressOf(sample.run, sample.elapsed);
  EXPECT_EQ(progress.stage, "one-way");
  EXPECT_EQ(progress.held, seconds(4));
  EXPECT_FALSE(progress.stage_left || progress.run_left);
  for (const StepProgress& step : progress.steps) EXPECT_FALSE(step.left) << step.name;
}

TEST(RunProgressTest, BeforeAndAfter) {
  const v1::Run run = SampleProgress().run;
  const RunProgress before = ProgressOf(run, -seconds(3));
  EXPECT_EQ(before.until_start, seconds(3));
  EXPECT_EQ(before.number, 0u);
  const RunProgress after = ProgressOf(run, seconds(64));
  EXPECT_EQ(after.number, 0u);
  EXPECT_FALSE(after.run_left);
  const RunProgress unknown = ProgressOf(run, std::nullopt);
  EXPECT_EQ(unknown.steps.size(), 2u);
  EXPECT_FALSE(unknown.stage_left);
  EXPECT_TRUE(ProgressOf({}, seconds(1)).steps.empty());
}

TEST(StepCountersTest, AreOfAllNodesTogether) {
  v1::Run run = SampleProgress().run;
  EXPECT_FALSE(CountersOf(run, 0));
  AddCounters(run, 0, 1, 10, 100);
  AddCounters(run, 1, 1, 5, 200);
  EXPECT_FALSE(CountersOf(run, 0));
  const std::optional<v1::StepCounters> counters = CountersOf(run, 1);
  ASSERT_TRUE(counters);
  EXPECT_EQ(counters->step(), 1u);
  EXPECT_EQ(counters->packets(), 15u);
  EXPECT_EQ(counters->passed(), 300u);
  EXPECT_EQ(counters->lost(), 3u);
  EXPECT_EQ(counters->overflowed(), 0u);
}

}  // namespace
}  // namespace faultline
