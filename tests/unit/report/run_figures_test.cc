#include "controller/report/run_figures.h"

#include <gtest/gtest.h>

#include "tests/unit/report/run_samples.h"

namespace faultline {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(RunFiguresTest, TakesTheGreatestOfAllNodes) {
  const std::vector<StepFigures> steps = FiguresOf(SampleRun());
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].name, "one-way");
  EXPECT_EQ(steps[0].at, seconds(10));
  EXPECT_EQ(steps[0].length, seconds(20));
  EXPECT_EQ(steps[0].fired_late, microseconds(350));
  EXPECT_EQ(steps[0].healed_late, microseconds(420));
  EXPECT_EQ(steps[0].skew, microseconds(250));
  EXPECT_EQ(steps[0].packets, 180u);
  EXPECT_FALSE(steps[0].MatchedNothing());
}

TEST(RunFiguresTest, AStepNobodyReportedHasNone) {
  v1::Run run;
  run.add_step_names("split");
  const std::vector<StepFigures> steps = FiguresOf(run);
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_FALSE(steps[0].at || steps[0].length || steps[0].fired_late || steps[0].skew || steps[0].packets);
  EXPECT_FALSE(steps[0].MatchedNothing());
  EXPECT_FALSE(WorstClockError(run).has_value());
}

TEST(RunFiguresTest, AStepThatOneNodeMatchedHasMatched) {
  v1::Run run = SampleRun();
  for (v1::NodeRun& node : *run.mutable_nodes()) {
    for (v1::StepCounters& counters : *node.mutable_outcome()->mutable_counters()) counters.set_packets(0);
  }
  EXPECT_TRUE(FiguresOf(run)[0].MatchedNothing());
  run.mutable_nodes(1)->mutable_outcome()->mutable_counters(0)->set_packets(1);
  EXPECT_FALSE(FiguresOf(run)[0].MatchedNothing());
}

TEST(RunFiguresTest, WhatANodeHasCountedSoFarCountsUntilItsLastWord) {
  v1::Run run = SampleRun();
  v1::NodeRun& node = *run.mutable_nodes(0);
  const std::uint64_t last_word = *FiguresOf(run)[0].packets;
  const std::uint64_t others = last_word - node.outcome().counters(0).packets();
  v1::StepCounters live = node.outcome().counters(0);
  live.set_packets(7);
  *node.add_counters() = live;
  EXPECT_EQ(FiguresOf(run)[0].packets, last_word);
  node.clear_outcome();
  EXPECT_EQ(FiguresOf(run)[0].packets, others + 7);
}

TEST(RunFiguresTest, LanesOfAllNodesTogether) {
  v1::Run run = SampleRun();
  EXPECT_FALSE(FiguresOf(run)[1].Impaired());
  for (v1::NodeRun& node : *run.mutable_nodes()) {
    v1::StepCounters& counters = *node.mutable_outcome()->mutable_counters(1);
    counters.set_passed(10);
    counters.set_lost(2);
    counters.set_overflowed(1);
  }
  run.add_step_effects("drop");
  const std::vector<StepFigures> steps = FiguresOf(run);
  EXPECT_EQ(steps[0].effect, "drop");
  EXPECT_EQ(steps[1].effect, "");
  EXPECT_FALSE(steps[0].Impaired());
  EXPECT_TRUE(steps[1].Impaired());
  EXPECT_EQ(steps[1].passed, 20u);
  EXPECT_EQ(steps[1].lost, 4u);
  EXPECT_EQ(steps[1].overflowed, 2u);
  EXPECT_EQ(PacketsOf(run, 1), 180u);
  EXPECT_EQ(PacketsOf(run, 2), std::nullopt);
}

TEST(RunFiguresTest, AStepThatWasEndedEarlyIsLateFromThereOn) {
  v1::Run run = SampleRun();
  for (v1::NodeRun& node : *run.mutable_nodes()) {
    *node.mutable_transitions(3)->mutable_actual() = EncodeDuration(seconds(40) + milliseconds(2));
    node.mutable_outcome()->set_end(v1::NODE_END_RELEASED);
  }
  *run.mutable_nodes(1)->mutable_transitions(3)->mutable_actual() = EncodeDuration(seconds(40) + milliseconds(5));
  EXPECT_FALSE(FiguresOf(run)[1].healed_late.has_value());
  *run.mutable_ended_early() = EncodeDuration(seconds(40));
  EXPECT_EQ(FiguresOf(run)[1].healed_late, milliseconds(5));
  EXPECT_EQ(FiguresOf(run)[1].length, seconds(30)) << "as planned";
  EXPECT_EQ(FiguresOf(run)[0].healed_late, microseconds(420)) << "it had ended by then";
  // What is known of one node counts.
  run.mutable_nodes(1)->mutable_outcome()->set_end(v1::NODE_END_LEASE_LOST);
  EXPECT_EQ(FiguresOf(run)[1].healed_late, milliseconds(2));
}

TEST(RunFiguresTest, MalformedPartsAreAbsent) {
  v1::Run run = SampleRun();
  for (v1::NodeRun& node : *run.mutable_nodes()) {
    for (v1::StepTransition& transition : *node.mutable_transitions()) {
      transition.mutable_actual()->set_nanos(2'000'000'000);
    }
    node.mutable_clock_error()->set_nanos(2'000'000'000);
  }
  EXPECT_FALSE(FiguresOf(run)[0].fired_late.has_value());
  EXPECT_FALSE(WorstClockError(run).has_value());
}

TEST(RunFiguresTest, TheWorstClockErrorIsThatOfAllNodes) { EXPECT_EQ(WorstClockError(SampleRun()), microseconds(120)); }

}  // namespace
}  // namespace faultline
