#include "controller/report/compare_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/report/full_run.h"

namespace faultline {
namespace {

using ::testing::HasSubstr;

v1::Run Sample() {
  v1::Run run = FullRun();
  run.set_outcome(v1::OUTCOME_VERIFIED);
  run.mutable_expectations(0)->set_judgement(v1::JUDGEMENT_AS_PLANNED);
  for (v1::StageVerdict& stage : *run.mutable_stages()) {
    for (v1::EdgeVerdict& edge : *stage.mutable_edges()) {
      if (edge.received() > 0) *edge.mutable_mean_delay() = EncodeDuration(std::chrono::microseconds(400));
    }
  }
  return run;
}

TEST(CompareRunsTest, TheSameVerdictsWhateverWasMeasured) {
  const v1::Run a = Sample();
  v1::Run b = Sample();
  b.set_id("split-brain-4");
  b.set_seed(8);
  b.mutable_nodes(1)->set_kernel_release("6.12.0");
  EdgeOf(*b.mutable_stages(1), "par-1", "lon-1", v1::FAMILY_IPV4).set_received(11);
  const Comparison comparison = CompareRuns(a, b);
  EXPECT_TRUE(comparison.SameVerdicts());
  EXPECT_EQ(comparison.FirstDifference(), "");
  EXPECT_EQ("\n" + RenderComparison(comparison, {}), R"(
the verdicts are the same

                                      split-brain-3  split-brain-4
run             verdict               verified       verified
                plan                  split-brain    split-brain
                seed                  7              8                differs
                nodes                 2              2
                controller            0.1.0          0.1.0
                agents                0.1.0          0.1.0
                kernels               6.1.0-38       6.1.0-38 6.12.0  differs
step one-way    took in               0.35 ms        0.35 ms
                healed in             0.42 ms        0.42 ms
                start skew            0.25 ms        0.25 ms
step split      took in               0.35 ms        0.35 ms
                healed in             0.35 ms        0.35 ms
                start skew            0.25 ms        0.25 ms
stage baseline  verdict               as planned     as planned
                london → paris lost   0%             0%
                london → paris delay  0.40 ms        0.40 ms
                paris → london lost   0%             0%
                paris → london delay  0.40 ms        0.40 ms
stage one-way   verdict               as planned     as planned
                london → paris lost   100%           100%
                paris → london lost   0%             4.2%
                paris → london delay  0.40 ms        0.40 ms
expectation     quiet, stage one-way  met            met
)");
}

TEST(CompareRunsTest, WhenPacketsMetAStep) {
  const v1::Run a = Sample();
  v1::Run b = Sample();
  SetTaken(b, std::chrono::seconds(10), -std::chrono::milliseconds(2), std::chrono::milliseconds(4));
  const Comparison comparison = CompareRuns(a, b);
  EXPECT_TRUE(comparison.SameVerdicts());
  EXPECT_THAT(RenderComparison(comparison, {}),
              ::testing::ContainsRegex("took in, as packets met it +- +<= 4\\.00 ms\n"));
}

TEST(CompareRunsTest, WhatDiffersFirstIsTheStageAndNotItsOutcome) {
  const v1::Run a = Sample();
  v1::Run b = Sample();
  b.set_outcome(v1::OUTCOME_NOT_VERIFIED);
  SetObserved(*b.mutable_stages(1), "lon-1", "par-1", v1::FAMILY_IPV4, v1::REACH_OPEN, 12);
  const Comparison comparison = CompareRuns(a, b);
  EXPECT_FALSE(comparison.SameVerdicts());
  EXPECT_EQ(comparison.FirstDifference(), "stage one-way: as planned, then NOT as planned: 1 of 4 edges");
  EXPECT_THAT(RenderComparison(comparison, {}), HasSubstr("verdict               verified    "));
}

TEST(CompareRunsTest, AStageThatOneNeverCameToDiffers) {
  const v1::Run a = Sample();
  v1::Run b = Sample();
  b.mutable_stages()->DeleteSubrange(1, 1);
  EXPECT_EQ(CompareRuns(a, b).FirstDifference(), "stage one-way: as planned, then never observed");
  EXPECT_EQ(CompareRuns(b, a).FirstDifference(), "stage one-way: never observed, then as planned");
}

TEST(CompareRunsTest, OutcomesAndExpectationsCount) {
  const v1::Run a = Sample();
  v1::Run b = Sample();
  b.set_outcome(v1::OUTCOME_ABORTED);
  EXPECT_EQ(CompareRuns(a, b).FirstDifference(), "run: verified, then aborted");
  b.mutable_expectations(0)->set_judgement(v1::JUDGEMENT_OFF);
  EXPECT_EQ(CompareRuns(a, b).FirstDifference(), "expectation quiet, stage one-way: met, then not met");
}

TEST(CompareRunsTest, StagesOfOneNameAreToldApart) {
  v1::Run a = Sample();
  for (v1::StageVerdict& stage : *a.mutable_stages()) stage.set_name("between");
  v1::Run b = a;
  b.mutable_stages(1)->set_agrees(false);
  SetObserved(*b.mutable_stages(1), "lon-1", "par-1", v1::FAMILY_IPV4, v1::REACH_OPEN, 12);
  EXPECT_THAT(CompareRuns(a, b).FirstDifference(), HasSubstr("stage between 2: as planned, then NOT"));
}

TEST(CompareRunsTest, WithoutGroupsEveryLinkCountsAsOne) {
  v1::Run a = Sample();
  a.clear_groups();
  EXPECT_THAT(RenderComparison(CompareRuns(a, a), {}), HasSubstr("every link lost"));
}

}  // namespace
}  // namespace faultline
