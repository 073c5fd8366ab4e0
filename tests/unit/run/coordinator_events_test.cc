#include "common/timeline_codec.h"
#include "controller/schedule/wall_time.h"
#include "tests/unit/run/coordinator_harness.h"

namespace faultline {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// What is told of runs.
class RunEventsTest : public CoordinatorTest {
 protected:
  void ReportStep(const FakeAgent& agent, const std::string& id, v1::Transition transition, Duration planned,
                  Duration late) {
    v1::StepEvent event;
    event.set_run_id(id);
    event.mutable_transition()->set_transition(transition);
    *event.mutable_transition()->mutable_planned() = EncodeDuration(planned);
    *event.mutable_transition()->mutable_actual() = EncodeDuration(planned + late);
    coordinator_->OnStepEvent(agent.name(), event);
  }
};

TEST_F(RunEventsTest, RunIsToldFromArmedToEnd) {
  const std::string id = BeginAndFire();
  EXPECT_THAT(events_.Texts(v1::EVENT_KIND_RUN_ARMED), ElementsAre("on 2 nodes"));
  EXPECT_THAT(events_.Texts(v1::EVENT_KIND_RUN_FIRED), ElementsAre("T0 is in 500ms"));
  EXPECT_EQ(events_.Of(v1::EVENT_KIND_RUN_FIRED)[0].run_id(), id);
  ReportProbes(Duration(0), kLength, seconds(5), seconds(15));
  Pass(kLength + milliseconds(600));
  End(id, v1::NODE_END_COMPLETED);
  Pass(seconds(2));
  const std::vector<v1::Event> ended = events_.Of(v1::EVENT_KIND_RUN_ENDED);
  ASSERT_THAT(ended, SizeIs(1));
  EXPECT_EQ(ended[0].outcome(), v1::OUTCOME_VERIFIED);
  EXPECT_THAT(ended[0].text(), HasSubstr("every observation equalled"));
  EXPECT_EQ(DecodeWall(ended[0].time()), DecodeWall(Get(id).ended()));
  EXPECT_THAT(events_.Of(v1::EVENT_KIND_RUN_WAITING), IsEmpty());
}

TEST_F(RunEventsTest, StepsAreToldOnceWithTheirMomentAndLateness) {
  const std::string id = BeginAndFire();
  for (int i = 0; i < 2; ++i) ReportStep(paris_, id, v1::TRANSITION_FIRED, seconds(5), microseconds(210));
  ReportStep(paris_, id, v1::TRANSITION_HEALED, seconds(15), microseconds(-40));
  const std::vector<v1::Event> fired = events_.Of(v1::EVENT_KIND_STEP_FIRED);
  ASSERT_THAT(fired, SizeIs(1));
  EXPECT_EQ(fired[0].node(), "par-1");
  EXPECT_EQ(fired[0].run_id(), id);
  EXPECT_EQ(fired[0].text(), "cut");
  EXPECT_EQ(fired[0].transition().SerializeAsString(), Get(id).nodes(1).transitions(0).SerializeAsString());
  EXPECT_EQ(DecodeWall(fired[0].time()), DecodeWall(Get(id).started()) + seconds(5) + microseconds(210));
  EXPECT_EQ(*DecodeDuration(fired[0].lateness()), microseconds(210));
  const std::vector<v1::Event> healed = events_.Of(v1::EVENT_KIND_STEP_HEALED);
  ASSERT_THAT(healed, SizeIs(1));
  EXPECT_FALSE(healed[0].has_lateness()) << "nobody ended the run";
}

TEST_F(RunEventsTest, WhatAnAbortEndsIsLateFromTheAbortOn) {
  const std::string id = BeginAndFire();
  ReportStep(paris_, id, v1::TRANSITION_FIRED, seconds(5), microseconds(210));
  Pass(seconds(8));
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "enough").ok());
  const Duration aborted = *DecodeDuration(Get(id).ended_early());
  EXPECT_GT(aborted, seconds(7));
  EXPECT_LT(aborted, seconds(8));
  Pass(milliseconds(100));
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "again").ok());
  EXPECT_EQ(*DecodeDuration(Get(id).ended_early()), aborted) << "the first counts";
  ReportStep(paris_, id, v1::TRANSITION_HEALED, seconds(15), aborted + milliseconds(3) - seconds(15));
  const std::vector<v1::Event> healed = events_.Of(v1::EVENT_KIND_STEP_HEALED);
  ASSERT_THAT(healed, SizeIs(1));
  EXPECT_EQ(*DecodeDuration(healed[0].lateness()), milliseconds(3));
}

TEST_F(RunEventsTest, ARunThatNobodyEndedOrThatHadNoT0WasNotEndedEarly) {
  const std::string fired = BeginAndFire();
  EXPECT_FALSE(Get(fired).has_ended_early());
  RunRequest due = Asked(kPlan);
  due.due = clock_.WallNow() + seconds(90);
  const std::string waiting = Begin(std::move(due));
  ASSERT_TRUE(coordinator_->Abort(waiting, v1::OUTCOME_ABORTED, "never mind").ok());
  EXPECT_FALSE(Get(waiting).has_ended_early());
}

TEST_F(RunEventsTest, NodeEndsAreToldWithTheirCounters) {
  const std::string id = BeginAndFire();
  paris_.ReportEnd(*coordinator_, id, v1::NODE_END_RELEASED, 42);
  london_.ReportEnd(*coordinator_, id, v1::NODE_END_LEASE_LOST);
  const std::vector<v1::Event> ended = events_.Of(v1::EVENT_KIND_NODE_ENDED);
  ASSERT_THAT(ended, SizeIs(1));
  EXPECT_EQ(ended[0].node(), "par-1");
  EXPECT_EQ(ended[0].text(), "released");
  ASSERT_THAT(ended[0].node_outcome().counters(), SizeIs(1));
  EXPECT_EQ(ended[0].node_outcome().counters(0).packets(), 42u);
  const std::vector<v1::Event> lost = events_.Of(v1::EVENT_KIND_LEASE_LOST);
  ASSERT_THAT(lost, SizeIs(1));
  EXPECT_EQ(lost[0].node(), "lon-1");
}

TEST_F(RunEventsTest, WaitingIsToldWithWhatItIsFor) {
  RunRequest due = Asked(kPlan);
  due.due = clock_.WallNow() + seconds(90);
  Begin(std::move(due));
  EXPECT_THAT(events_.Texts(v1::EVENT_KIND_RUN_WAITING), ElementsAre("until 2024-01-01T00:01:30Z"));
  const std::string first = BeginAndFire();
  RunRequest queued = Asked(kPlan);
  queued.queue = true;
  Begin(std::move(queued));
  EXPECT_THAT(events_.Texts(v1::EVENT_KIND_RUN_WAITING).back(), HasSubstr(first));
}

TEST_F(RunEventsTest, ForeignChangesAreToldOnceAndStayOnRecord) {
  const std::string id = BeginAndFire();
  v1::ForeignEvent event;
  event.set_run_id(id);
  *event.mutable_change()->mutable_at() = EncodeDuration(seconds(6));
  event.mutable_change()->set_text("process 8 (nft) deleted the table netdev faultline");
  // A new session tells all of it again.
  for (int i = 0; i < 2; ++i) coordinator_->OnForeignChange(paris_.name(), event);
  const std::vector<v1::Event> told = events_.Of(v1::EVENT_KIND_FOREIGN_CHANGE);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].node(), "par-1");
  EXPECT_EQ(told[0].text(), event.change().text());
  EXPECT_EQ(told[0].foreign_change().SerializeAsString(), event.change().SerializeAsString());
  EXPECT_EQ(DecodeWall(told[0].time()), DecodeWall(Get(id).started()) + seconds(6));
  EXPECT_THAT(Get(id).warnings(), ElementsAre("par-1: " + event.change().text()));
  for (int i = 0; i < 2 * ActiveRun::kMostForeignChanges; ++i) {
    event.mutable_change()->set_text(std::to_string(i));
    coordinator_->OnForeignChange(paris_.name(), event);
  }
  EXPECT_THAT(events_.Of(v1::EVENT_KIND_FOREIGN_CHANGE), SizeIs(ActiveRun::kMostForeignChanges));
}

TEST_F(RunEventsTest, CountersAreShownAtMostOnceASecondAndNotStored) {
  const std::string id = BeginAndFire();
  Pass(seconds(1));
  std::uint64_t seen = coordinator_->Await(id, 0, Duration(0))->version;
  int versions = 0;
  for (int i = 1; i <= 40; ++i) {
    v1::RunCounters counters;
    counters.set_run_id(id);
    counters.add_counters()->set_packets(static_cast<std::uint64_t>(i));
    coordinator_->OnCounters(paris_.name(), counters);
    Pass(milliseconds(100));
    const std::uint64_t now = coordinator_->Await(id, seen, Duration(0))->version;
    versions += now != seen ? 1 : 0;
    seen = now;
  }
  EXPECT_GE(versions, 4);
  EXPECT_LE(versions, 6);
  EXPECT_EQ(Get(id).nodes(1).counters(0).packets(), 40u);
  EXPECT_THAT(store_->Get(id)->nodes(1).counters(), IsEmpty());
  paris_.ReportEnd(*coordinator_, id, v1::NODE_END_RELEASED, 41);
  EXPECT_THAT(Get(id).nodes(1).counters(), IsEmpty());
}

TEST_F(RunEventsTest, GuardThatFailsIsToldWhenItBeginsTo) {
  const std::string id = Begin(std::string(kPlan) +
                               "guards:\n  - {name: quorum, every: 2s, http: \"http://127.0.0.1:1/\", failures: 9}\n");
  host_.AnswerChecks({.passed = true, .detail = "status 200"});
  Fire(id);
  EXPECT_THAT(events_.Of(v1::EVENT_KIND_GUARD_FAILED), IsEmpty());
  for (int i = 0; i < 2; ++i) {
    Pass(milliseconds(2100));
    host_.AnswerChecks({.passed = false, .detail = "status 503, not 200"});
  }
  const std::vector<v1::Event> failed = events_.Of(v1::EVENT_KIND_GUARD_FAILED);
  ASSERT_THAT(failed, SizeIs(1));
  EXPECT_EQ(failed[0].text(), "quorum: status 503, not 200");
  EXPECT_EQ(failed[0].guard_check().name(), "quorum");
  // When the check was begun, as on record.
  EXPECT_EQ(DecodeWall(failed[0].time()),
            DecodeWall(Get(id).started()) + *DecodeDuration(Get(id).guard_checks(1).at()));
}

}  // namespace
}  // namespace faultline
