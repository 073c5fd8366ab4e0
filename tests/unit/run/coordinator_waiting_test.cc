#include <thread>

#include "common/timeline_codec.h"
#include "controller/schedule/wall_time.h"
#include "tests/unit/run/coordinator_harness.h"

namespace faultline {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Runs that wait: for their moment, or for others.
class WaitingTest : public CoordinatorTest {
 protected:
  RunRequest Due(Duration in) {
    RunRequest request = Asked(kPlan);
    request.due = clock_.WallNow() + in;
    return request;
  }
  static RunRequest Queued() {
    RunRequest request = Asked(kPlan);
    request.queue = true;
    return request;
  }
  // Still on when others have waited for long.
  static std::string LongPlan() {
    std::string text = kPlan;
    return text.replace(text.find("for: 10s"), 8, "for: 10m");
  }
  std::size_t ArmsSent() { return london_.Take(v1::SessionResponse::kArm).size(); }
  void AddFreeze(Duration from, Duration to) {
    v1::Freeze freeze;
    freeze.set_name("release");
    *freeze.mutable_from() = EncodeWall(clock_.WallNow() + from);
    *freeze.mutable_to() = EncodeWall(clock_.WallNow() + to);
    ASSERT_TRUE(freezes_->Add(freeze).ok());
  }
};

TEST_F(WaitingTest, BeginsAtItsMoment) {
  const std::string id = Begin(Due(hours(2)));
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_WAITING);
  Pass(hours(2) - milliseconds(100));
  EXPECT_EQ(host_.lookups(), 0u);
  EXPECT_EQ(ArmsSent(), 0u);
  Pass(milliseconds(200));
  host_.AnswerLookups();
  EXPECT_EQ(ArmsSent(), 1u);
  Fire(id);
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_RUNNING);
}

TEST_F(WaitingTest, IsToBeCalledAtItsMoment) {
  Begin(Due(milliseconds(700)));
  coordinator_->Advance();
  EXPECT_EQ(coordinator_->Advance() - clock_.Now(), milliseconds(700));
}

TEST_F(WaitingTest, SurvivesARestart) {
  const std::string id = Begin(Due(hours(2)));
  clock_.Advance(hours(2) - seconds(5));
  Start();
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_WAITING);
  Pass(seconds(6));
  host_.AnswerLookups();
  EXPECT_EQ(ArmsSent(), 1u);
}

TEST_F(WaitingTest, IsNeverFiredLate) {
  const std::string in_time = Begin(Due(hours(1)));
  const std::string late = Begin(Due(hours(1) - seconds(2)));
  clock_.Advance(hours(1) - seconds(1));
  Start();
  Pass(seconds(1) + milliseconds(100));
  EXPECT_EQ(Get(late).outcome(), v1::OUTCOME_MISSED);
  EXPECT_EQ(Get(late).summary(), "its moment, 2024-01-01T00:59:58Z, passed while the controller was down");
  EXPECT_TRUE(Get(late).nodes().empty());
  host_.AnswerLookups();
  EXPECT_EQ(ArmsSent(), 1u);
  EXPECT_EQ(Get(in_time).state(), v1::RUN_STATE_ARMING);
}

TEST_F(WaitingTest, IsMissedWhenTheControllerItselfWasHeldUp) {
  const std::string slow = Begin(Due(hours(1) + seconds(10)));
  const std::string late = Begin(Due(hours(1)));
  clock_.Advance(hours(1) + minutes(1) + seconds(5));
  Pass(milliseconds(100));
  EXPECT_EQ(Get(late).outcome(), v1::OUTCOME_MISSED);
  EXPECT_THAT(Get(late).summary(), HasSubstr("passed while the controller was held up, for more than 1m"));
  ASSERT_EQ(host_.lookups(), 1u);
  clock_.Advance(minutes(2));
  host_.AnswerLookups();
  Pass(milliseconds(100));
  EXPECT_EQ(Get(slow).outcome(), v1::OUTCOME_MISSED);
  EXPECT_THAT(Get(slow).summary(), HasSubstr("looking up its names took longer than 1m"));
  EXPECT_EQ(ArmsSent(), 0u);
}

TEST_F(WaitingTest, NothingThatWaitedBeginsBeforeTheFleetIsBack) {
  const std::string id = Begin(Due(seconds(5)));
  settling_ = kSettling;
  Start();
  Pass(kSettling - milliseconds(100));
  EXPECT_EQ(host_.lookups(), 0u);
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_WAITING);
  Pass(milliseconds(200));
  EXPECT_EQ(host_.lookups(), 1u);
  host_.AnswerLookups();
  EXPECT_EQ(ArmsSent(), 1u);
}

TEST_F(WaitingTest, APersonDoesNotWaitForTheFleet) {
  settling_ = kSettling;
  Start();
  Begin();
  EXPECT_EQ(ArmsSent(), 1u);
}

TEST_F(WaitingTest, MomentThatIsOverIsRefused) {
  const absl::Status error = BeginError(Due(-kMostLate - seconds(1)));
  EXPECT_EQ(error.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(error.message()),
            "the run was to begin at 2023-12-31T23:58:59Z, but it is 2024-01-01T00:00:00Z now");
  EXPECT_THAT(*store_->List({}), IsEmpty());
  // Of a schedule there is a record.
  RunRequest request = Due(-hours(1));
  request.schedule_name = "weekly";
  const std::string id = Begin(std::move(request));
  Pass(milliseconds(100));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_MISSED);
}

TEST_F(WaitingTest, AbortOfOneThatWaitsJustCancelsIt) {
  const std::string id = Begin(Due(hours(1)));
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "enough").ok());
  Pass(milliseconds(50));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_ABORTED);
  EXPECT_THAT(london_.Take(v1::SessionResponse::kRelease), IsEmpty());
  Pass(hours(2));
  EXPECT_EQ(host_.lookups(), 0u);
}

TEST_F(WaitingTest, HealAndAStopLeaveThoseThatWaitAlone) {
  const std::string id = Begin(Due(hours(1)));
  EXPECT_THAT(coordinator_->AbortAll(v1::OUTCOME_ABORTED, "heal"), IsEmpty());
  EXPECT_THAT(coordinator_->StopRuns(), IsEmpty());
  Pass(milliseconds(100));
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_WAITING);
}

TEST_F(WaitingTest, HealEndsThoseThatWaitForOthers) {
  const std::string first = BeginAndFire();
  const std::string queued = Begin(Queued());
  const std::string timed = Begin(Due(hours(1)));
  EXPECT_THAT(coordinator_->AbortAll(v1::OUTCOME_ABORTED, "heal"), ElementsAre(first, queued));
  End(first);
  Pass(seconds(1));
  EXPECT_EQ(Get(queued).outcome(), v1::OUTCOME_ABORTED);
  EXPECT_EQ(Get(timed).state(), v1::RUN_STATE_WAITING);
  EXPECT_EQ(host_.lookups(), 0u);
}

TEST_F(WaitingTest, AfterAStopNothingBegins) {
  const std::string first = BeginAndFire();
  const std::string queued = Begin(Queued());
  const std::string timed = Begin(Due(seconds(2)));
  EXPECT_THAT(coordinator_->StopRuns(), ElementsAre(first));
  End(first);
  Pass(seconds(3));
  EXPECT_EQ(host_.lookups(), 0u);
  EXPECT_EQ(Get(queued).state(), v1::RUN_STATE_WAITING);
  EXPECT_EQ(Get(timed).state(), v1::RUN_STATE_WAITING);
  const absl::Status error = BeginError(Asked(kPlan));
  EXPECT_EQ(error.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(error.message()), HasSubstr("the controller is stopping"));
}

TEST_F(WaitingTest, StopEndsWhatIsNotFiredYetEvenIfItMayContinue) {
  const std::string id = Begin(std::string(kPlan) + "on_controller_loss: continue\n");
  EXPECT_THAT(coordinator_->StopRuns(), ElementsAre(id));
  Fire(id);
  EXPECT_THAT(london_.Take(v1::SessionResponse::kFire), IsEmpty());
}

TEST_F(WaitingTest, PlanThatCannotBeCompiledAtItsMomentIsRefused) {
  const std::string id = Begin(Due(hours(1)));
  for (FakeAgent* agent : {&london_, &paris_}) agent->Leave(fleet_);
  Pass(hours(1) + milliseconds(50));
  host_.AnswerLookups();
  Pass(milliseconds(50));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_REFUSED);
  EXPECT_THAT(Get(id).summary(), HasSubstr("plan.yaml:"));
}

TEST_F(WaitingTest, RunDueInAFreezeIsMissed) {
  const std::string id = Begin(Due(hours(1)));
  AddFreeze(minutes(30), minutes(90));
  Pass(hours(1) + milliseconds(100));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_MISSED);
  EXPECT_EQ(Get(id).summary(), "its moment fell into freeze 'release', until 2024-01-01T01:30:00Z");
  EXPECT_EQ(host_.lookups(), 0u);
}

TEST_F(WaitingTest, NothingBeginsAtOnceInAFreeze) {
  AddFreeze(minutes(-30), minutes(30));
  const absl::Status error = BeginError(Asked(kPlan));
  EXPECT_EQ(error.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(error.message()), HasSubstr("nothing may begin now: freeze 'release', until"));
  EXPECT_THAT(*store_->List({}), IsEmpty());
}

TEST_F(WaitingTest, NothingIsFiredIntoAFreeze) {
  AddFreeze(seconds(5), minutes(30));
  const std::string id = Begin();
  Pass(seconds(4) + milliseconds(800));
  Fire(id);
  EXPECT_THAT(london_.Take(v1::SessionResponse::kFire), IsEmpty());
  End(id);
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_MISSED);
  EXPECT_THAT(Get(id).summary(), HasSubstr("armed only in freeze 'release'"));
}

TEST_F(WaitingTest, TwoRunsWithACommonNodeAreRefused) {
  const std::string first = Begin();
  const absl::Status error = BeginError(Asked(kPlan));
  EXPECT_EQ(error.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(std::string(error.message()),
            "run " + first + " acts on lon-1 and par-1; wait until it is over, or use --queue");
  // A refused plan uses up no number.
  ASSERT_TRUE(coordinator_->Abort(first, v1::OUTCOME_ABORTED, "enough").ok());
  End(first);
  EXPECT_EQ(Begin(), "split-2");
}

TEST_F(WaitingTest, RunsWithoutACommonNodeGoOnBesideEachOther) {
  FakeAgent rome("rom-1", "172.34.4.2");
  FakeAgent oslo("osl-1", "172.35.4.2");
  for (FakeAgent* agent : {&rome, &oslo}) ASSERT_TRUE(agent->Join(fleet_).ok());
  BeginAndFire();
  Begin(
      "name: other\ngroups:\n  rome: {cidrs: [172.34.0.0/16]}\n  oslo: {cidrs: [172.35.0.0/16]}\n"
      "steps:\n  - {for: 5s, partition: [rome, oslo]}\n");
  EXPECT_THAT(rome.Take(v1::SessionResponse::kArm), SizeIs(1));
}

TEST_F(WaitingTest, QueuedRunsBeginInTheirOrder) {
  const std::string first = BeginAndFire(LongPlan());
  ArmsSent();
  const std::string second = Begin(Queued());
  const std::string third = Begin(Queued());
  EXPECT_EQ(Get(second).state(), v1::RUN_STATE_WAITING);
  EXPECT_THAT(Get(second).summary(), HasSubstr("waits: run " + first + " acts on lon-1 and par-1"));
  Pass(seconds(90));
  EXPECT_EQ(ArmsSent(), 0u);
  // One that does not queue does not overtake.
  EXPECT_EQ(BeginError(Asked(kPlan)).code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(coordinator_->Abort(first, v1::OUTCOME_ABORTED, "enough").ok());
  End(first);
  Pass(milliseconds(50));
  host_.AnswerLookups();
  EXPECT_EQ(ArmsSent(), 1u);
  EXPECT_EQ(Get(second).state(), v1::RUN_STATE_ARMING);
  EXPECT_EQ(Get(second).summary(), "");
  EXPECT_EQ(Get(third).state(), v1::RUN_STATE_WAITING);
  ASSERT_TRUE(coordinator_->Abort(second, v1::OUTCOME_ABORTED, "enough").ok());
  End(second);
  Pass(milliseconds(50));
  host_.AnswerLookups();
  EXPECT_EQ(Get(third).state(), v1::RUN_STATE_ARMING);
}

// One that waits for its moment was accepted before one that waits for the nodes; both are compiled at one time.
TEST_F(WaitingTest, QueuedRunsDoNotWaitForEachOther) {
  const std::string first = BeginAndFire();
  ArmsSent();
  RunRequest request = Due(seconds(1));
  request.queue = true;
  const std::string timed = Begin(std::move(request));
  const std::string queued = Begin(Queued());
  Pass(seconds(1) + milliseconds(100));
  host_.AnswerLookups();
  EXPECT_THAT(Get(timed).summary(), HasSubstr("waits: run " + first));
  ASSERT_TRUE(coordinator_->Abort(first, v1::OUTCOME_ABORTED, "enough").ok());
  End(first);
  Pass(milliseconds(100));
  ASSERT_EQ(host_.lookups(), 2u);
  host_.AnswerLookups();
  EXPECT_EQ(Get(timed).state(), v1::RUN_STATE_ARMING);
  EXPECT_THAT(Get(queued).summary(), HasSubstr("waits: run " + timed));
  EXPECT_EQ(ArmsSent(), 1u);
  ASSERT_TRUE(coordinator_->Abort(timed, v1::OUTCOME_ABORTED, "enough").ok());
  End(timed);
  Pass(milliseconds(100));
  host_.AnswerLookups();
  EXPECT_EQ(Get(queued).state(), v1::RUN_STATE_ARMING);
  EXPECT_EQ(ArmsSent(), 1u);
}

TEST_F(WaitingTest, ScheduledRunThatMeetsAnotherIsRefusedOnTheRecord) {
  const std::string first = BeginAndFire();
  RunRequest request = Due(seconds(1));
  request.schedule_name = "weekly";
  const std::string id = Begin(std::move(request));
  Pass(seconds(2));
  host_.AnswerLookups();
  Pass(milliseconds(50));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_REFUSED);
  EXPECT_EQ(Get(id).summary(), "run " + first + " acts on lon-1 and par-1, and it is not to queue");
}

TEST_F(WaitingTest, QueuedRunIsNotBegunAfterARestart) {
  BeginAndFire(LongPlan());
  const std::string second = Begin(Queued());
  Pass(minutes(2));
  Start();
  Pass(seconds(1));
  EXPECT_EQ(Get(second).outcome(), v1::OUTCOME_MISSED);
  EXPECT_THAT(Get(second).summary(), HasSubstr("the controller was down while it waited"));
}

TEST_F(WaitingTest, RequestSentAgainIsTheSameRun) {
  RunRequest request = Asked(kPlan);
  request.request_id = "ci-17";
  const std::string id = Begin(request);
  EXPECT_EQ(Begin(request), id);
  EXPECT_EQ(ArmsSent(), 1u);
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "enough").ok());
  End(id);
  Start();
  EXPECT_EQ(Begin(request), id);
  EXPECT_THAT(*store_->List({}), SizeIs(1));
  request.plan_text += "# changed\n";
  const absl::Status error = BeginError(request);
  EXPECT_EQ(error.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(error.message()), HasSubstr("'ci-17' was used for another plan, in run " + id));
  request.request_id = "a b";
  EXPECT_EQ(BeginError(request).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(WaitingTest, RequestSentAgainWithAnotherMomentOrQueueIsRefused) {
  RunRequest request = Due(hours(1));
  request.request_id = "ci-19";
  const std::string id = Begin(request);
  EXPECT_EQ(Begin(request), id);
  RunRequest later = request;
  later.due = *later.due + seconds(1);
  EXPECT_EQ(BeginError(later).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(BeginError(later).message()), HasSubstr("'ci-19' was used for another moment, in run " + id));
  later.due.reset();
  EXPECT_EQ(BeginError(later).code(), absl::StatusCode::kFailedPrecondition);
  RunRequest queued = request;
  queued.queue = true;
  EXPECT_THAT(std::string(BeginError(queued).message()), HasSubstr("was used with another --queue"));
  // It is still the same request when its moment is over.
  Pass(hours(1));
  clock_.Advance(hours(1));
  EXPECT_EQ(Begin(request), id);
}

TEST_F(WaitingTest, RequestSentManyTimesAtOnceIsOneRun) {
  RunRequest request = Asked(kPlan);
  request.request_id = "ci-18";
  std::vector<std::string> ids(8);
  std::vector<std::thread> threads;
  for (std::string& id : ids) threads.emplace_back([&] { id = coordinator_->Begin(request).value_or("none"); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(ids, ::testing::Each(ids.front()));
  EXPECT_THAT(*store_->List({}), SizeIs(1));
}

}  // namespace
}  // namespace faultline
