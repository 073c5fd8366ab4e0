#include "absl/strings/str_cat.h"
#include "common/timeline_codec.h"
#include "controller/report/verdict.h"
#include "tests/unit/run/coordinator_harness.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::SizeIs;

// Two nodes that were told to make pauses of 1 s, as in a fleet of 2500; the others are gone.
class LargeFleetTest : public CoordinatorTest {
 protected:
  LargeFleetTest() {
    std::vector<std::unique_ptr<FakeAgent>> others;
    for (int i = 0; i < 2498; ++i) {
      others.push_back(std::make_unique<FakeAgent>(absl::StrCat("rom-", i), "172.34.4.2"));
      EXPECT_TRUE(others.back()->Join(fleet_).ok());
    }
    for (FakeAgent* agent : {&london_, &paris_}) EXPECT_TRUE(agent->Join(fleet_).ok());
    for (const auto& agent : others) agent->Leave(fleet_);
  }
  // Meanwhile both have told what they saw until 1.5 s ago.
  void PassReporting(Duration time) {
    for (const MonotonicTime until = clock_.Now() + time; clock_.Now() < until;) {
      v1::Observation observation;
      *observation.mutable_until() = EncodeDuration((clock_.Now() - milliseconds(1500)).time_since_epoch());
      for (FakeAgent* agent : {&london_, &paris_}) coordinator_->OnObservation(agent->name(), observation);
      Pass(milliseconds(50));
    }
  }
};

TEST_F(LargeFleetTest, AStageIsWaitedForOnlyUntilItsReportsCanHaveCome) {
  BeginAndFire(kPlan + "wait_verified: 20s\n");
  ReportProbes(-seconds(3), kLength, seconds(5), seconds(15));
  PassReporting(milliseconds(500) + seconds(5));
  EXPECT_THAT(london_.Take(v1::SessionResponse::kProceed), SizeIs(1));
}

TEST_F(LargeFleetTest, WhatMayNotHaveBeenToldIsNotKeptAsLoss) {
  const std::string id = BeginAndFire();
  ReportProbes(-seconds(3), seconds(8), seconds(5), seconds(8));
  Pass(seconds(8));
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "enough").ok());
  End(id);
  const v1::Run run = Get(id);
  ASSERT_EQ(run.series_size(), 2);
  // Of the 7.5 s that it ran, but for the last second and the pause.
  EXPECT_EQ(run.series(0).sent_size(), 17);
}

TEST_F(LargeFleetTest, TheLiveMatrixLagsByThePause) {
  EXPECT_EQ(*DecodeDuration(coordinator_->Matrix().end()), -kLiveLag - seconds(1));
}

}  // namespace
}  // namespace faultline
