// Runs that wait for their stages to be observed as planned.

#include "common/hold.h"
#include "common/timeline_codec.h"
#include "controller/report/boundary_plan.h"
#include "tests/unit/run/coordinator_harness.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::_;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;

// Stages: baseline to 5 s, cut to 15 s, between to 20 s, again to 25 s, healed to 28 s; holds at the first three ends.
constexpr char kWaiting[] = R"yaml(
name: wait
wait_verified: 20s
groups:
  london: {cidrs: [172.32.0.0/16]}
  paris: {cidrs: [172.33.0.0/16]}
steps:
  - {at: 5s, for: 10s, name: cut, partition: [london, paris]}
  - {at: 20s, for: 5s, name: again, partition: [london, paris]}
)yaml";

// What a test says of times is after T0.
class CoordinatorHoldsTest : public CoordinatorTest {
 protected:
  std::string Fired(const std::string& text = kWaiting) {
    const std::string id = BeginAndFire(text);
    fired_ = clock_.Now();
    return id;
  }
  void PassTo(Duration elapsed) { Pass(fired_ + milliseconds(500) + elapsed - clock_.Now()); }
  // What was told since the last call: hold and length.
  std::vector<std::pair<std::uint32_t, Duration>> Proceeds(FakeAgent& agent) {
    std::vector<std::pair<std::uint32_t, Duration>> proceeds;
    for (const v1::SessionResponse& message : agent.Take(v1::SessionResponse::kProceed)) {
      proceeds.emplace_back(message.proceed().hold(), *DecodeDuration(message.proceed().length()));
    }
    return proceeds;
  }
  static Duration In(const google::protobuf::Duration& message) { return *DecodeDuration(message); }

  MonotonicTime fired_;
};

TEST_F(CoordinatorHoldsTest, TimelinesHaveAHoldAtEachStagesEndBeforeTheLastBegin) {
  Begin(kWaiting);
  const auto armed = london_.Take(v1::SessionResponse::kArm);
  ASSERT_THAT(armed, SizeIs(1));
  EXPECT_THAT(DecodeTimeline(armed[0].arm().timeline())->holds, ElementsAre(seconds(5), seconds(15), seconds(20)));
}

TEST_F(CoordinatorHoldsTest, WhatIsAsPlannedInTimeDelaysNothing) {
  const std::string id = Fired();
  ReportProbes(-seconds(3), seconds(17), seconds(5), seconds(15));
  ReportProbes(seconds(17), seconds(28), seconds(20), seconds(25));
  PassTo(seconds(4));
  for (FakeAgent* agent : {&london_, &paris_}) EXPECT_THAT(Proceeds(*agent), ElementsAre(std::pair(0u, Duration(0))));
  PassTo(seconds(30));
  EXPECT_THAT(Proceeds(london_), ElementsAre(std::pair(1u, Duration(0)), std::pair(2u, Duration(0))));
  End(id, v1::NODE_END_COMPLETED);
  const v1::Run run = Get(id);
  EXPECT_EQ(run.outcome(), v1::OUTCOME_VERIFIED) << run.summary();
  EXPECT_EQ(In(run.length()), seconds(28));
  EXPECT_THAT(run.warnings(), IsEmpty());
  for (const v1::StageVerdict& stage : run.stages()) EXPECT_FALSE(stage.has_held() || stage.has_observed_from());
  EXPECT_THAT(events_.Texts(v1::EVENT_KIND_RUN_HELD), IsEmpty());
}

// Of the cut [5 s, 15 s) everything passes until 18 s.
TEST_F(CoordinatorHoldsTest, WhatIsAsPlannedLateIsHeldSoLong) {
  const std::string id = Fired();
  ReportProbes(-seconds(3), seconds(60), seconds(18), seconds(60));
  PassTo(seconds(17));
  EXPECT_THAT(Proceeds(london_), ElementsAre(std::pair(0u, Duration(0))));
  EXPECT_GE(In(Get(id).schedule(1).end()), seconds(17));
  EXPECT_THAT(events_.Texts(v1::EVENT_KIND_RUN_HELD),
              ElementsAre(HasSubstr("cut is to be observed as planned first; cut: lon-1 → par-1 (IPv4) was planned cut "
                                    "but")));
  PassTo(seconds(22));
  const auto told = Proceeds(london_);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].first, 1u);
  const Duration held = told[0].second;
  // Seconds pass until what arrives is known, and what does not.
  EXPECT_GT(held, seconds(4));
  EXPECT_LT(held, seconds(8));
  EXPECT_THAT(Proceeds(paris_), ElementsAre(std::pair(0u, Duration(0)), told[0]));
  EXPECT_THAT(events_.Texts(v1::EVENT_KIND_RUN_PROCEEDED), ElementsAre(HasSubstr("cut was observed as planned")));
  PassTo(seconds(24));
  const v1::Run run = Get(id);
  EXPECT_EQ(In(run.length()), seconds(28) + held);
  EXPECT_EQ(In(run.schedule(1).end()), seconds(15) + held);
  EXPECT_EQ(In(run.schedule(3).start()), seconds(20) + held);
  EXPECT_EQ(In(run.schedule(3).end()), seconds(25) + held);
  ASSERT_THAT(run.stages(), SizeIs(2));
  EXPECT_TRUE(run.stages(1).agrees());
  EXPECT_EQ(In(run.stages(1).held()), held);
  EXPECT_EQ(In(run.stages(1).start()), seconds(5));
  EXPECT_EQ(In(run.stages(1).end()), seconds(15) + held);
  EXPECT_GT(In(run.stages(1).observed_from()), seconds(17));
  EXPECT_LT(In(run.stages(1).observed_from()), seconds(20));
}

TEST_F(CoordinatorHoldsTest, WordIsGivenAheadOfTheMomentAsForT0) {
  Fired();
  ReportProbes(-seconds(3), seconds(60), seconds(18), seconds(60));
  Duration now = seconds(15);
  std::vector<std::pair<std::uint32_t, Duration>> told;
  for (Proceeds(london_); told.size() < 2 && now < seconds(30); now += milliseconds(50)) {
    PassTo(now);
    const auto more = Proceeds(london_);
    told.insert(told.end(), more.begin(), more.end());
  }
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_GE(seconds(15) + told[1].second, now - milliseconds(50) + milliseconds(450));
}

TEST_F(CoordinatorHoldsTest, WordIsGivenAheadAlsoAfterTheControllerStoodStill) {
  Fired();
  ReportProbes(-seconds(3), seconds(60), seconds(18), seconds(60));
  PassTo(seconds(20));
  Proceeds(london_);
  clock_.Advance(seconds(5));
  coordinator_->Advance();
  const auto told = Proceeds(london_);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_GE(seconds(15) + told[0].second, seconds(25) + milliseconds(500));
}

// Its fault is gone: the stage cannot agree any more, and the others would only be held with theirs.
TEST_F(CoordinatorHoldsTest, ANodeThatEndsBeforeTheOthersEndsTheRun) {
  const std::string id = Fired();
  ReportProbes(-seconds(3), seconds(60), seconds(5), seconds(60));
  PassTo(seconds(6));
  paris_.ReportEnd(*coordinator_, id, v1::NODE_END_LOCAL_HEAL);
  PassTo(seconds(6) + milliseconds(100));
  EXPECT_THAT(london_.Take(v1::SessionResponse::kRelease), SizeIs(1));
  london_.ReportEnd(*coordinator_, id, v1::NODE_END_RELEASED);
  Pass(milliseconds(50));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_NOT_VERIFIED);
  EXPECT_THAT(Get(id).summary(), HasSubstr("cut cannot be observed as planned any more; par-1: healed locally"));
}

TEST_F(CoordinatorHoldsTest, AnAbortEndsAHold) {
  const std::string id = Fired();
  ReportProbes(-seconds(3), seconds(60), Duration(0), Duration(0));
  PassTo(seconds(17));
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "enough").ok());
  for (FakeAgent* agent : {&london_, &paris_}) EXPECT_THAT(agent->Take(v1::SessionResponse::kRelease), SizeIs(1));
  Proceeds(london_);
  End(id);
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_ABORTED);
  PassTo(seconds(40));
  EXPECT_THAT(Proceeds(london_), IsEmpty());
}

TEST_F(CoordinatorHoldsTest, WhatIsNeverAsPlannedHealsWhenPatienceIsOver) {
  const std::string id = Fired();
  ReportProbes(-seconds(3), seconds(60), Duration(0), Duration(0));
  PassTo(seconds(34));
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_RUNNING);
  PassTo(seconds(35) + milliseconds(100));
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_ENDING);
  for (FakeAgent* agent : {&london_, &paris_}) EXPECT_THAT(agent->Take(v1::SessionResponse::kRelease), SizeIs(1));
  End(id);
  const v1::Run run = Get(id);
  EXPECT_EQ(run.outcome(), v1::OUTCOME_NOT_VERIFIED);
  EXPECT_THAT(run.summary(), HasSubstr("cut was not observed as planned within 20s of its planned end; cut: lon-1 → "
                                       "par-1 (IPv4) was planned cut but"));
  ASSERT_THAT(run.stages(), SizeIs(2));
  EXPECT_TRUE(run.stages(0).agrees());
  EXPECT_FALSE(run.stages(1).agrees());
  EXPECT_EQ(run.stages(1).edges(0).observed(), v1::REACH_OPEN);
  EXPECT_EQ(In(run.stages(1).held()), seconds(20));
}

TEST_F(CoordinatorHoldsTest, LeasesAreRenewedWhileHeld) {
  const std::string id = Fired();
  PassTo(seconds(10));
  london_.Take(v1::SessionResponse::kHeartbeat);
  Pass(seconds(4));
  const auto beats = london_.Take(v1::SessionResponse::kHeartbeat);
  ASSERT_THAT(beats, Not(IsEmpty()));
  EXPECT_THAT(beats.back().heartbeat().run_ids(), ElementsAre(id));
}

// Its nodes end when it does, later than planned by more than its lease.
TEST_F(CoordinatorHoldsTest, NodesOfARunThatWasHeldLongAreNotGivenUp) {
  const std::string id = Fired(
      "wait_verified: 20s\nname: long\ngroups: {a: {nodes: [lon-1]}, b: {nodes: [par-1]}}\nsteps:\n"
      "  - {at: 5s, for: 10s, name: cut, partition: [a, b]}\n  - {after: cut, for: 5s, name: on, partition: [a, b]}\n");
  ReportProbes(-seconds(3), seconds(60), milliseconds(30'500), seconds(60));
  PassTo(seconds(42));
  EXPECT_GT(In(Get(id).length()), seconds(40));
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_RUNNING);
  EXPECT_FALSE(Get(id).nodes(0).has_outcome());
}

TEST_F(CoordinatorHoldsTest, NodeThatDialsInAgainIsToldAllThatWasPassed) {
  const std::string id = Fired();
  ReportProbes(-seconds(3), seconds(17), seconds(5), seconds(15));
  PassTo(seconds(12));
  const auto told = Proceeds(london_);
  ASSERT_THAT(told, SizeIs(2));
  coordinator_->OnJoin(london_.name(), {id});
  EXPECT_EQ(Proceeds(london_), told);
  // One that does not hold the run any more is asked instead.
  coordinator_->OnJoin(london_.name(), {});
  EXPECT_THAT(Proceeds(london_), IsEmpty());
}

TEST_F(CoordinatorHoldsTest, NothingProceedsWithoutANodeThatIsAway) {
  const std::string id = Fired();
  ReportProbes(-seconds(3), seconds(60), seconds(5), seconds(60));
  PassTo(seconds(6));
  Proceeds(london_);
  paris_.Leave(fleet_);
  coordinator_->OnLeave(paris_.name());
  PassTo(seconds(20));
  EXPECT_THAT(Proceeds(london_), IsEmpty());
  EXPECT_THAT(events_.Texts(v1::EVENT_KIND_RUN_HELD), ElementsAre(HasSubstr("not all that it saw is known of par-1")));
  ASSERT_TRUE(paris_.Join(fleet_).ok());
  coordinator_->OnJoin(paris_.name(), {id});
  PassTo(seconds(21));
  EXPECT_THAT(Proceeds(london_), ElementsAre(Pair(1u, _)));
  // What it was told by the session before, once more.
  EXPECT_THAT(Proceeds(paris_), ElementsAre(Pair(0u, _), Pair(0u, _), Pair(1u, _)));
}

TEST_F(CoordinatorHoldsTest, NodeWhoseReportsAreBehindIsWaitedFor) {
  Fired();
  ReportProbes(-seconds(3), seconds(60), seconds(5), seconds(60));
  v1::Observation observation;
  observation.set_number(1);
  *observation.mutable_until() = EncodeDuration(fired_.time_since_epoch() + seconds(6));
  coordinator_->OnObservation(paris_.name(), observation);
  PassTo(seconds(18));
  EXPECT_THAT(Proceeds(london_), ElementsAre(std::pair(0u, Duration(0))));
  observation.set_number(2);
  *observation.mutable_until() = EncodeDuration(fired_.time_since_epoch() + seconds(60));
  coordinator_->OnObservation(paris_.name(), observation);
  PassTo(seconds(19));
  EXPECT_THAT(Proceeds(london_), ElementsAre(Pair(1u, _)));
}

TEST_F(CoordinatorHoldsTest, BaselineSeenBeforeT0HoldsNothing) {
  ReportProbes(-seconds(4), seconds(30), Duration(0), seconds(30));
  const std::string id = Fired(
      "wait_verified: 5s\nname: now\ngroups: {a: {nodes: [lon-1]}, b: {nodes: [par-1]}}\n"
      "steps: [{at: 0s, for: 10s, name: cut, partition: [a, b]}]\n");
  EXPECT_THAT(Proceeds(london_), ElementsAre(std::pair(0u, Duration(0))));
  EXPECT_EQ(In(Get(id).schedule(0).end()), Duration(0));
}

TEST_F(CoordinatorHoldsTest, BaselineThatNobodySawIsAwaited) {
  const std::string id = Fired(
      "wait_verified: 5s\nname: now\ngroups: {a: {nodes: [lon-1]}, b: {nodes: [par-1]}}\n"
      "steps: [{at: 0s, for: 10s, name: cut, partition: [a, b]}]\n");
  ReportProbes(Duration(0), seconds(30), seconds(10), seconds(30));
  PassTo(seconds(4));
  const auto told = Proceeds(london_);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_GT(told[0].second, seconds(1));
  EXPECT_LT(told[0].second, seconds(4));
  EXPECT_EQ(In(Get(id).schedule(1).start()), told[0].second);
}

TEST_F(CoordinatorHoldsTest, WhatNoProbeSeesWaitsForPacketsThatMeetItsRules) {
  tcp_probes_ = false;
  Start();
  const std::string id = Fired(
      "wait_verified: 20s\nname: ports\ngroups: {a: {nodes: [lon-1]}, b: {nodes: [par-1]}}\nsteps:\n"
      "  - {at: 5s, for: 5s, name: shut, partition: {groups: [a, b], protocol: tcp, ports: 3001}}\n"
      "  - {after: shut, for: 5s, name: cut, partition: [a, b]}\n");
  ReportProbes(-seconds(3), seconds(60), Duration(0), Duration(0));
  PassTo(seconds(14));
  EXPECT_THAT(Proceeds(london_), ElementsAre(std::pair(0u, Duration(0))));
  v1::RunCounters counters;
  counters.set_run_id(id);
  counters.add_counters()->set_packets(3);
  coordinator_->OnCounters(paris_.name(), counters);
  PassTo(seconds(15));
  EXPECT_THAT(Proceeds(london_), ElementsAre(Pair(1u, _)));
}

TEST_F(CoordinatorHoldsTest, BurstsAreToldAsFarAsTheirMomentsAreKnown) {
  const std::string id = Fired();
  const ControllerTime t0(fired_.time_since_epoch() + milliseconds(500));
  EXPECT_THAT(london_.Take(v1::SessionResponse::kProbeBursts), IsEmpty());
  ReportProbes(-seconds(3), seconds(60), seconds(18), seconds(60));
  PassTo(seconds(16));
  auto told = london_.Take(v1::SessionResponse::kProbeBursts);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].probe_bursts().bursts_size(), 1);
  PassTo(seconds(25));
  told = london_.Take(v1::SessionResponse::kProbeBursts);
  ASSERT_THAT(told, SizeIs(1));
  ASSERT_EQ(told[0].probe_bursts().bursts_size(), 2);
  const v1::ProbeBurst& second = told[0].probe_bursts().bursts(1);
  EXPECT_EQ(second.number(), 1u);
  EXPECT_EQ(In(second.start()), (t0 + In(Get(id).schedule(1).end()) - kBurstBefore).time_since_epoch());
}

TEST_F(CoordinatorHoldsTest, CommandsAfterAStepComeAfterItsRealEnd) {
  Fired(std::string(kWaiting) + "observe:\n  - {name: state, after: cut, command: [state]}\n");
  ReportProbes(-seconds(3), seconds(60), seconds(18), seconds(60));
  PassTo(seconds(17));
  EXPECT_THAT(host_.Commands(), IsEmpty());
  PassTo(seconds(26));
  EXPECT_THAT(host_.Commands(), SizeIs(1));
}

TEST_F(CoordinatorHoldsTest, AgentThatCannotWaitIsRefused) {
  const std::string id = Begin(kWaiting);
  london_.AnswerArmed(*coordinator_, id);
  paris_.Take(v1::SessionResponse::kArm);
  paris_.AnswerArmed(*coordinator_, id);
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_REFUSED);
  EXPECT_THAT(Get(id).summary(), HasSubstr("node par-1's agent cannot wait for stages to be verified"));
  EXPECT_THAT(london_.Take(v1::SessionResponse::kRelease), SizeIs(1));
}

TEST_F(CoordinatorHoldsTest, RunThatGoesOnWithoutItsControllerCannotWait) {
  RunRequest request = Asked(std::string(kPlan) + "on_controller_loss: continue\n");
  request.plan.wait_verified = minutes(1);
  EXPECT_EQ(BeginError(request).message(),
            "--wait-verified needs on_controller_loss: heal, for nodes that wait learn from the controller alone when "
            "to go on");
  request.plan.on_controller_loss = ControllerLoss::kHeal;
  request.plan.wait_verified = kLongestPatience + seconds(1);
  EXPECT_EQ(BeginError(request).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(CoordinatorHoldsTest, RequestThatIsSentAgainIsTheSameOnlyWithTheSamePatience) {
  RunRequest request = Asked(kPlan);
  request.plan.wait_verified = minutes(1);
  request.request_id = "once";
  const std::string id = Begin(request);
  EXPECT_EQ(Begin(request), id);
  request.plan.wait_verified.reset();
  EXPECT_THAT(BeginError(request).message(), HasSubstr("with another --wait-verified"));
}

TEST_F(CoordinatorHoldsTest, RunThatWaitsForItsMomentKeepsItsPatienceOverARestart) {
  RunRequest request = Asked(kPlan);
  request.plan.wait_verified = seconds(7);
  request.due = clock_.WallNow() + seconds(10);
  const std::string id = Begin(request);
  Start();
  Pass(seconds(11));
  host_.AnswerLookups();
  EXPECT_EQ(In(Get(id).wait_verified()), seconds(7));
  const auto armed = london_.Take(v1::SessionResponse::kArm);
  ASSERT_THAT(armed, SizeIs(1));
  EXPECT_EQ(armed[0].arm().timeline().holds_size(), 1);
}

}  // namespace
}  // namespace faultline
