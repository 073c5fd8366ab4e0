#include "common/timeline_codec.h"
#include "tests/unit/run/coordinator_harness.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// What is observed when all is over, and how long a run waits for it.
using ObservationAtTheEndTest = CoordinatorTest;

const std::string kAccounted = std::string("name: accounted") + kHead +
                               "observe:\n  - {name: writes, at: end, format: operations, timeout: 4s, "
                               "command: [account]}\n";

// What a command printed, told from a moment on: an operation a second after it was acknowledged, and the accounting.
CommandResult Printed(WallTime zero, const std::string& more = "") {
  OperationReader reader(zero);
  const auto seconds_of = [&](Duration at) {
    return std::to_string((zero + at).time_since_epoch() / milliseconds(1)) + "e-3";
  };
  for (const Duration at : {Duration(seconds(1)), Duration(seconds(16))}) {
    reader.Take("{\"time\": " + seconds_of(at) + ", \"side\": \"london\", \"ok\": true}\n");
  }
  reader.Take("{\"acknowledged\": 2, \"found\": 1, \"lost\": 1}\n" + more);
  return {.operations = std::move(reader).Finish()};
}

TEST_F(ObservationAtTheEndTest, OperationsAreTakenOnceAtTheEndOfTheCooldown) {
  const std::string id = BeginAndFire(kAccounted);
  const WallTime t0 = clock_.WallNow() + milliseconds(500);
  ReportProbes(Duration(0), kLength, seconds(5), seconds(15));
  Pass(milliseconds(500) + kLength - milliseconds(100));
  EXPECT_THAT(host_.Commands(), IsEmpty());
  Pass(milliseconds(150));
  EXPECT_THAT(host_.Commands(), ElementsAre("end : account"));
  End(id, v1::NODE_END_COMPLETED);
  Pass(seconds(3));
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_RUNNING);
  // It was not ended early: whoever waits for its end wants the observation too.
  EXPECT_FALSE(IsHealed(id));
  host_.AnswerCommands(Printed(t0, "oops\n"));
  Pass(milliseconds(100));
  const v1::Run run = Get(id);
  EXPECT_EQ(run.state(), v1::RUN_STATE_ENDED);
  EXPECT_EQ(run.outcome(), v1::OUTCOME_VERIFIED) << run.summary();
  ASSERT_EQ(run.captures_size(), 1);
  EXPECT_EQ(run.captures(0).moment(), "at the end");
  EXPECT_EQ(run.captures(0).operations().operations(), 2u);
  EXPECT_THAT(run.warnings(),
              ElementsAre("observation writes, at the end: 1 of 4 lines were not taken; line 4: it is no "
                          "JSON object"));
  ASSERT_EQ(run.clients().sides_size(), 1);
  EXPECT_EQ(run.clients().sides(0).acknowledged(), 2u);
  EXPECT_EQ(*DecodeDuration(run.clients().healed()), seconds(15));
  EXPECT_EQ(*DecodeDuration(run.clients().sides(0).first_after_heal()), seconds(1));
  EXPECT_EQ(run.clients().accountings(0).lost(), 1u);
  EXPECT_THAT(host_.Commands(), IsEmpty());
}

TEST_F(ObservationAtTheEndTest, AnAbortedRunWaitsForItsObservationAtTheEnd) {
  const std::string id = BeginAndFire(kAccounted);
  const WallTime t0 = clock_.WallNow() + milliseconds(500);
  Pass(milliseconds(500) + seconds(8));
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "enough").ok());
  Pass(seconds(1));
  // Its nodes have not let go yet.
  EXPECT_THAT(host_.Commands(), IsEmpty());
  EXPECT_FALSE(IsHealed(id));
  End(id);
  EXPECT_THAT(host_.Commands(), ElementsAre("end : account"));
  EXPECT_TRUE(IsHealed(id));
  Pass(seconds(3));
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_ENDING);
  EXPECT_TRUE(IsHealed(id));
  host_.AnswerCommands(Printed(t0));
  Pass(milliseconds(50));
  const v1::Run run = Get(id);
  EXPECT_EQ(run.state(), v1::RUN_STATE_ENDED);
  EXPECT_EQ(run.outcome(), v1::OUTCOME_ABORTED);
  EXPECT_EQ(run.summary(), "enough");
  ASSERT_EQ(run.clients().stages_size(), 3);
  EXPECT_EQ(run.clients().stages(2).stage(), "ended early");
  EXPECT_NEAR(static_cast<double>(DecodeDuration(run.clients().healed())->count()), 8e9, 1e8);
}

TEST_F(ObservationAtTheEndTest, WhatNeverAnswersAtTheEndIsNotWaitedForForever) {
  const std::string id = BeginAndFire(kAccounted);
  Pass(seconds(8));
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "enough").ok());
  End(id);
  Pass(seconds(5));
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_ENDING);
  Pass(seconds(2));
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_ENDED);
  EXPECT_THAT(Get(id).warnings(), ElementsAre("observation writes, at the end: its command had not ended when the run "
                                              "was concluded"));
}

// Whatever else the plan observes, and may take its time for.
TEST_F(ObservationAtTheEndTest, ARunOfWholeLengthWaitsNoLongerForItsObservationAtTheEnd) {
  const std::string id = BeginAndFire(kAccounted + "  - {name: map, before: cut, timeout: 1m, command: [asadm]}\n");
  ReportProbes(Duration(0), kLength, seconds(5), seconds(15));
  Pass(milliseconds(600));
  host_.AnswerCommands({.output = "map"});
  Pass(kLength);
  End(id, v1::NODE_END_COMPLETED);
  EXPECT_THAT(host_.Commands(), ElementsAre("end : account"));
  Pass(seconds(5));
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_RUNNING);
  Pass(seconds(2));
  const v1::Run run = Get(id);
  EXPECT_EQ(run.state(), v1::RUN_STATE_ENDED);
  EXPECT_EQ(run.outcome(), v1::OUTCOME_VERIFIED) << run.summary();
  EXPECT_THAT(run.warnings(), ElementsAre("observation writes, at the end: its command had not ended when the run was "
                                          "concluded"));
}

// Where more are asked for than run at a time, the others begin only when those have ended.
TEST_F(ObservationAtTheEndTest, CommandsThatWaitForOthersAreWaitedFor) {
  const std::string id = BeginAndFire(kAccounted + "  - {name: map, at: end, timeout: 4s, command: [asadm]}\n");
  Pass(seconds(8));
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "enough").ok());
  End(id);
  Pass(seconds(4));
  host_.AnswerFirstCommand({.output = "map"});
  Pass(seconds(4));
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_ENDING);
  host_.AnswerCommands({.output = "late"});
  Pass(milliseconds(50));
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_ENDED);
  EXPECT_THAT(Get(id).captures(), SizeIs(2));
}

TEST_F(ObservationAtTheEndTest, AnAccountingThatFailedIsAWarning) {
  const std::string id = BeginAndFire(kAccounted);
  const WallTime t0 = clock_.WallNow() + milliseconds(500);
  ReportProbes(Duration(0), kLength, seconds(5), seconds(15));
  Pass(milliseconds(500) + kLength + milliseconds(50));
  CommandResult result = Printed(t0);
  result.exit_code = 1;
  host_.AnswerCommands(result);
  End(id, v1::NODE_END_COMPLETED);
  Pass(seconds(2));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_VERIFIED);
  EXPECT_THAT(Get(id).warnings(),
              ElementsAre("observation writes, at the end: exit code 1; what it told may not be all"));
}

TEST_F(ObservationAtTheEndTest, WhatIsTooMuchTogetherIsAWarning) {
  const std::string id = BeginAndFire(kAccounted + "  - {name: more, at: end, format: operations, command: [more]}\n");
  const WallTime t0 = clock_.WallNow() + milliseconds(500);
  ReportProbes(Duration(0), kLength, seconds(5), seconds(15));
  Pass(milliseconds(500) + kLength + milliseconds(50));
  std::string accountings;
  for (int i = 1; i < 60; ++i) accountings += "{\"acknowledged\": 0, \"found\": 0, \"lost\": 0}\n";
  host_.AnswerCommands(Printed(t0, accountings));
  End(id, v1::NODE_END_COMPLETED);
  Pass(seconds(2));
  EXPECT_THAT(Get(id).warnings(),
              ElementsAre("what clients saw is without 20 operations, happenings and accountings: its observations "
                          "together told of more than a run keeps"));
}

TEST_F(ObservationAtTheEndTest, ANodeThatEndsTooSoonLeavesTheObservationAtTheEnd) {
  const std::string id = BeginAndFire(kAccounted);
  Pass(seconds(8));
  End(id, v1::NODE_END_LOCAL_HEAL);
  EXPECT_THAT(host_.Commands(), ElementsAre("end : account"));
  host_.AnswerCommands({});
  Pass(milliseconds(100));
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_ENDED);
  EXPECT_FALSE(Get(id).has_clients());
}

TEST_F(ObservationAtTheEndTest, NothingIsObservedAtTheEndOfARunThatWasNeverFired) {
  const std::string id = Begin(kAccounted);
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "enough").ok());
  End(id);
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_ENDED);
  EXPECT_TRUE(IsHealed(id));
  EXPECT_THAT(host_.Commands(), IsEmpty());
}

TEST_F(ObservationAtTheEndTest, ANodeThatDoesNotAnswerIsGivenUpBeforeTheObservationAtTheEnd) {
  const std::string id = BeginAndFire(kAccounted);
  Pass(seconds(8));
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "enough").ok());
  Pass(kDefaultLease);
  EXPECT_FALSE(IsHealed(id));
  Pass(seconds(3));
  EXPECT_TRUE(IsHealed(id));
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_ENDING);
}

TEST_F(ObservationAtTheEndTest, AControllerThatStopsWaitsForNoObservation) {
  const std::string id = BeginAndFire(kAccounted);
  Pass(seconds(8));
  EXPECT_THAT(coordinator_->StopRuns(), ElementsAre(id));
  End(id);
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_ENDED);
  EXPECT_THAT(host_.Commands(), IsEmpty());
}

}  // namespace
}  // namespace faultline
