#include "tests/unit/run/coordinator_harness.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A controller that died mid-run, and the one after it on the same store.
class RestartedCoordinatorTest : public CoordinatorTest {
 protected:
  void Restart() { Start(); }
};

TEST_F(RestartedCoordinatorTest, KnowsHowTheRunEnded) {
  const std::string id = BeginAndFire();
  Restart();
  london_.Take(v1::SessionResponse::kRelease);
  coordinator_->OnJoin(london_.name(), {id});
  EXPECT_THAT(london_.Take(v1::SessionResponse::kRelease), SizeIs(1));
  london_.ReportEnd(*coordinator_, id, v1::NODE_END_RELEASED);
  paris_.ReportEnd(*coordinator_, id, v1::NODE_END_LEASE_LOST);
  Pass(milliseconds(100));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_INTERRUPTED);
  EXPECT_THAT(Get(id).summary(), HasSubstr("par-1 (lease lost)"));
}

TEST_F(RestartedCoordinatorTest, GivesUpNodesThatNeverComeBack) {
  const std::string id = BeginAndFire();
  Restart();
  Pass(seconds(18));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_INTERRUPTED);
  EXPECT_THAT(Get(id).summary(), HasSubstr("lon-1 (vanished)"));
}

TEST_F(RestartedCoordinatorTest, DoesNotRenewARunThatWasToHeal) {
  const std::string id = BeginAndFire();
  Restart();
  london_.Take(v1::SessionResponse::kHeartbeat);
  Pass(seconds(4));
  EXPECT_THAT(london_.Take(v1::SessionResponse::kHeartbeat).back().heartbeat().run_ids(), IsEmpty());
}

// The process died between the abort and its nodes' answers.
TEST_F(RestartedCoordinatorTest, AnAbortedRunDoesNotGoOn) {
  const std::string id = BeginAndFire(std::string(kPlan) + "on_controller_loss: continue\n");
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "by hand").ok());
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_ENDING);
  Restart();
  for (FakeAgent* agent : {&london_, &paris_}) {
    agent->Take(v1::SessionResponse::kRelease);
    coordinator_->OnJoin(agent->name(), {id});
    EXPECT_THAT(agent->Take(v1::SessionResponse::kRelease), SizeIs(1));
  }
  london_.Take(v1::SessionResponse::kHeartbeat);
  Pass(seconds(4));
  EXPECT_THAT(london_.Take(v1::SessionResponse::kHeartbeat).back().heartbeat().run_ids(), IsEmpty());
  End(id);
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_ABORTED);
  EXPECT_EQ(Get(id).summary(), "by hand");
}

TEST_F(RestartedCoordinatorTest, LetsARunContinueThatWasToContinue) {
  const std::string id = BeginAndFire(std::string(kPlan) + "on_controller_loss: continue\n");
  Restart();
  london_.Take(v1::SessionResponse::kRelease);
  coordinator_->OnJoin(london_.name(), {id});
  EXPECT_THAT(london_.Take(v1::SessionResponse::kRelease), IsEmpty());
  Pass(seconds(18));
  for (FakeAgent* agent : {&london_, &paris_}) agent->ReportEnd(*coordinator_, id, v1::NODE_END_COMPLETED);
  Pass(milliseconds(100));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_INTERRUPTED);
  EXPECT_THAT(Get(id).summary(), HasSubstr("lon-1 (completed)"));
}

}  // namespace
}  // namespace faultline
