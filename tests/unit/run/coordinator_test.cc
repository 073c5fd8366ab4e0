#include "controller/run/coordinator.h"

#include "tests/unit/run/coordinator_harness.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(CoordinatorTest, FiresOnlyWhenAllHaveArmed) {
  const std::string id = Begin();
  ASSERT_THAT(london_.Take(v1::SessionResponse::kArm), SizeIs(1));
  ASSERT_THAT(paris_.Take(v1::SessionResponse::kArm), SizeIs(1));
  london_.AnswerArmed(*coordinator_, id);
  EXPECT_THAT(london_.Take(v1::SessionResponse::kFire), IsEmpty());
  paris_.AnswerArmed(*coordinator_, id);
  const auto fires = london_.Take(v1::SessionResponse::kFire);
  ASSERT_THAT(fires, SizeIs(1));
  EXPECT_GT(*DecodeDuration(fires[0].fire().t0()), clock_.Now().time_since_epoch());
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_RUNNING);
}

TEST_F(CoordinatorTest, OneRefusalAndNothingHappensAnywhere) {
  const std::string id = Begin();
  london_.AnswerArmed(*coordinator_, id);
  paris_.AnswerRefused(*coordinator_, id, "guard.max_runs");
  EXPECT_THAT(london_.Take(v1::SessionResponse::kRelease), SizeIs(1));
  EXPECT_THAT(london_.Take(v1::SessionResponse::kFire), IsEmpty());
  london_.ReportEnd(*coordinator_, id, v1::NODE_END_RELEASED);
  Pass(milliseconds(50));
  const v1::Run run = Get(id);
  EXPECT_EQ(run.outcome(), v1::OUTCOME_REFUSED);
  EXPECT_THAT(run.summary(), HasSubstr("node par-1 refused: guard.max_runs"));
}

TEST_F(CoordinatorTest, SilentNodeIsARefusal) {
  const std::string id = Begin();
  london_.AnswerArmed(*coordinator_, id);
  Pass(seconds(11));
  london_.ReportEnd(*coordinator_, id, v1::NODE_END_RELEASED);
  Pass(seconds(18));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_REFUSED);
  EXPECT_THAT(Get(id).summary(), HasSubstr("no answer within 10s from par-1"));
  EXPECT_THAT(london_.Take(v1::SessionResponse::kFire), IsEmpty());
}

TEST_F(CoordinatorTest, NodeThatDisappearsWhileArmingIsARefusal) {
  const std::string id = Begin();
  london_.AnswerArmed(*coordinator_, id);
  paris_.Leave(fleet_);
  coordinator_->OnLeave(paris_.name());
  london_.ReportEnd(*coordinator_, id, v1::NODE_END_RELEASED);
  Pass(seconds(18));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_REFUSED);
  EXPECT_THAT(Get(id).summary(), HasSubstr("par-1 was lost while arming"));
}

TEST_F(CoordinatorTest, LateArmedAnswerIsReleased) {
  const std::string id = Begin();
  paris_.AnswerRefused(*coordinator_, id, "no");
  london_.Take(v1::SessionResponse::kRelease);
  london_.AnswerArmed(*coordinator_, id);
  EXPECT_THAT(london_.Take(v1::SessionResponse::kRelease), SizeIs(1));
}

TEST_F(CoordinatorTest, RunThatIsObservedAsPlannedIsVerified) {
  const std::string id = BeginAndFire();
  ReportProbes(Duration(0), kLength, seconds(5), seconds(15));
  Pass(kLength + milliseconds(600));
  for (FakeAgent* agent : {&london_, &paris_}) agent->ReportEnd(*coordinator_, id, v1::NODE_END_COMPLETED);
  Pass(seconds(2));
  const v1::Run run = Get(id);
  EXPECT_EQ(run.outcome(), v1::OUTCOME_VERIFIED) << run.summary();
  ASSERT_EQ(run.stages_size(), 3);
  EXPECT_EQ(run.stages(1).name(), "cut");
  EXPECT_EQ(run.stages(1).edges(0).observed(), v1::REACH_CUT);
}

TEST_F(CoordinatorTest, TheCourseOfLossAndDelayIsKeptWithTheRun) {
  london_.info().set_agent_version("0.1.0");
  ASSERT_TRUE(london_.Join(fleet_).ok());
  const std::string id = BeginAndFire();
  ReportProbes(-seconds(3), kLength, seconds(5), seconds(15));
  Pass(kLength + milliseconds(600));
  EXPECT_EQ(Get(id).series_size(), 0);
  for (FakeAgent* agent : {&london_, &paris_}) agent->ReportEnd(*coordinator_, id, v1::NODE_END_COMPLETED);
  Pass(seconds(2));
  const v1::Run run = Get(id);
  ASSERT_EQ(run.series_size(), 2);
  EXPECT_EQ(run.series(0).from() + ">" + run.series(0).to(), "london>paris");
  EXPECT_EQ(DecodeDuration(run.series(0).step()).value(), milliseconds(500));
  ASSERT_EQ(run.series(0).sent_size(), 42);
  for (int i = 0; i < run.series(0).sent_size(); ++i) {
    // From 3 s before T0.
    const Duration at = DecodeDuration(run.series(0).start()).value() + i * milliseconds(500);
    EXPECT_GT(run.series(0).sent(i), 0u) << i;
    if (at < seconds(4) || at > seconds(16)) {
      EXPECT_EQ(run.series(0).received(i), run.series(0).sent(i)) << i;
      EXPECT_EQ(run.series(0).mean_delay_us(i), 2'000u) << i;
    }
    if (at > seconds(6) && at < seconds(14)) {
      EXPECT_EQ(run.series(0).received(i), 0u) << i;
    }
  }
  EXPECT_EQ(run.controller_version(), FAULTLINE_VERSION);
  EXPECT_EQ(run.nodes(0).agent_version(), "0.1.0");
  EXPECT_EQ(run.nodes(0).kernel_release(), "6.1.0");
}

TEST_F(CoordinatorTest, ARunEndedEarlyKeepsTheCourseUpToThen) {
  const std::string id = BeginAndFire();
  ReportProbes(-seconds(3), seconds(8), seconds(5), seconds(8));
  Pass(seconds(8));
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "enough").ok());
  End(id);
  const v1::Run run = Get(id);
  EXPECT_EQ(run.outcome(), v1::OUTCOME_ABORTED);
  ASSERT_EQ(run.series_size(), 2);
  // Of the 7.5 s that it ran, but for the last second.
  EXPECT_EQ(run.series(0).sent_size(), 19);
  EXPECT_EQ(run.series(0).received(18), 0u);
}

TEST_F(CoordinatorTest, FaultThatDidNotTakeIsNotVerified) {
  const std::string id = BeginAndFire();
  ReportProbes(Duration(0), kLength, Duration(0), Duration(0));
  Pass(kLength + milliseconds(600));
  for (FakeAgent* agent : {&london_, &paris_}) agent->ReportEnd(*coordinator_, id, v1::NODE_END_COMPLETED);
  Pass(seconds(2));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_NOT_VERIFIED);
  EXPECT_THAT(Get(id).summary(), HasSubstr("cut: lon-1"));
}

constexpr char kFar[] = R"yaml(
name: far
groups:
  london: {cidrs: [172.32.0.0/16]}
  paris: {cidrs: [172.33.0.0/16]}
steps:
  - {at: 5s, for: 10s, name: far, impair: {between: [london, paris], delay: 80ms}}
)yaml";

// From 5 s to 15 s this much more than usual.
std::function<Duration(Duration)> LateBy(Duration more) {
  return [more](Duration at) { return milliseconds(2) + (at >= seconds(5) && at < seconds(15) ? more : Duration(0)); };
}

TEST_F(CoordinatorTest, DelaysAreJudgedByTheRunsOwnBaseline) {
  for (const bool right : {true, false}) {
    const std::string id = BeginAndFire(kFar);
    ReportProbes(Duration(0), kLength, Duration(0), Duration(0), LateBy(milliseconds(right ? 82 : 40)));
    Pass(seconds(16));
    const v1::StageVerdict live = coordinator_->Matrix();
    EXPECT_TRUE(live.edges(0).has_observed_delay());
    Pass(kLength - seconds(16) + milliseconds(600));
    for (FakeAgent* agent : {&london_, &paris_}) agent->ReportEnd(*coordinator_, id, v1::NODE_END_COMPLETED, 9);
    Pass(seconds(2));
    const v1::Run run = Get(id);
    ASSERT_EQ(run.stages_size(), 3);
    EXPECT_EQ(run.outcome(), right ? v1::OUTCOME_VERIFIED : v1::OUTCOME_NOT_VERIFIED) << run.summary();
    EXPECT_EQ(DecodeDuration(run.stages(1).edges(0).observed_delay()).value(), milliseconds(right ? 82 : 40));
    EXPECT_THAT(run.summary(), HasSubstr(right ? "every observation equalled the plan"
                                               : "was planned with 80ms of delay but had 40ms of delay"));
    EXPECT_THAT(run.step_effects(), ::testing::ElementsAre("delay 80ms"));
  }
}

// Before that nobody could receive there.
TEST_F(CoordinatorTest, ABaselineDoesNotReachBackToBeforeANodeJoined) {
  for (const bool just_joined : {false, true}) {
    if (just_joined) coordinator_->OnJoin(paris_.name(), {});
    Pass(milliseconds(100));
    const std::string id = BeginAndFire(
        "name: soon\ngroups:\n  london: {cidrs: [172.32.0.0/16]}\n  paris: {cidrs: [172.33.0.0/16]}\n"
        "steps:\n  - {at: 2s, for: 10s, name: cut, partition: {groups: [london, paris]}}\n");
    ReportProbes(-seconds(1), Duration(0), -seconds(1), Duration(0));
    ReportProbes(Duration(0), seconds(3), seconds(2), seconds(3));
    Pass(seconds(4));
    ASSERT_THAT(Get(id).stages(), SizeIs(1));
    EXPECT_EQ(Get(id).stages(0).agrees(), just_joined) << Get(id).stages(0).DebugString();
    ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "enough").ok());
    End(id);
    Pass(seconds(5));
  }
}

TEST_F(CoordinatorTest, TheLiveMatrixSaysWhatIsPlannedNow) {
  BeginAndFire(kFar);
  Pass(seconds(8));
  const v1::StageVerdict live = coordinator_->Matrix();
  EXPECT_EQ(live.edges(0).planned_share(), 1);
  EXPECT_EQ(DecodeDuration(live.edges(0).planned_delay()).value(), milliseconds(80));
  Pass(seconds(9));
  EXPECT_FALSE(coordinator_->Matrix().edges(0).has_planned_delay());
}

TEST_F(CoordinatorTest, AFaultThatNoProbeSeesMustHaveMetPackets) {
  const std::string text =
      "name: rst\ngroups:\n  london: {cidrs: [172.32.0.0/16]}\n  paris: {cidrs: [172.33.0.0/16]}\n"
      "steps:\n  - {at: 5s, for: 10s, name: rst, block: {from: london, to: paris, action: reject, protocol: tcp}}\n";
  for (const std::uint64_t packets : {0u, 12u}) {
    const auto id = coordinator_->Begin(Asked(text));
    ASSERT_TRUE(id.ok()) << id.status();
    for (FakeAgent* agent : {&london_, &paris_}) agent->AnswerArmed(*coordinator_, *id);
    ReportProbes(Duration(0), kLength, Duration(0), Duration(0));
    Pass(kLength + milliseconds(600));
    for (FakeAgent* agent : {&london_, &paris_}) {
      agent->ReportEnd(*coordinator_, *id, v1::NODE_END_COMPLETED, packets);
    }
    Pass(seconds(2));
    const v1::Run run = Get(*id);
    ASSERT_EQ(run.stages_size(), 3);
    EXPECT_TRUE(run.stages(1).unseen());
    EXPECT_EQ(run.stages(1).agrees(), packets > 0);
    EXPECT_EQ(run.outcome(), packets > 0 ? v1::OUTCOME_VERIFIED : v1::OUTCOME_NOT_VERIFIED);
    EXPECT_THAT(run.summary(), HasSubstr(packets > 0 ? "1 stage by packets that met the rules"
                                                     : "rst: no packet met its faults, which no probe can see"));
    EXPECT_THAT(run.step_effects(), ::testing::ElementsAre("reject tcp"));
  }
}

TEST_F(CoordinatorTest, ANodeThatCannotDoItIsNamedBeforeAnythingIsSent) {
  CapabilitySet has = CapabilitySet::All();
  has.Set(Capability::kNetem, false);
  *paris_.info().mutable_capabilities() = EncodeCapabilities(has, {.id = "debian", .kernel_release = "6.1.0"});
  ASSERT_TRUE(fleet_.Update(paris_.name(), paris_.info()).ok());
  const auto id = coordinator_->Begin(Asked(kFar));
  EXPECT_EQ(id.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(id.status().message()),
              HasSubstr("plan.yaml:7:5: step 'far': node par-1 has no netem qdisc: the module sch_netem comes with: "));
  EXPECT_THAT(london_.Take(v1::SessionResponse::kArm), IsEmpty());
}

// What is held back in a lane is waited for: the stage is judged later.
TEST_F(CoordinatorTest, AStageIsJudgedWhenItsLatePacketsMustHaveCome) {
  std::string text = kFar;
  text.replace(text.find("80ms"), 4, "6s");
  const std::string id = BeginAndFire(text);
  Pass(seconds(15) + seconds(2));
  EXPECT_EQ(Get(id).stages_size(), 1);
  Pass(seconds(5) + milliseconds(600));
  EXPECT_EQ(Get(id).stages_size(), 3);
}

TEST_F(CoordinatorTest, NothingObservedIsNotVerified) {
  const std::string id = BeginAndFire();
  Pass(kLength + milliseconds(600));
  for (FakeAgent* agent : {&london_, &paris_}) agent->ReportEnd(*coordinator_, id, v1::NODE_END_COMPLETED);
  Pass(seconds(2));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_NOT_VERIFIED);
}

TEST_F(CoordinatorTest, HeartbeatsRenewOnlyRunsThatGoOn) {
  const std::string id = BeginAndFire();
  Pass(seconds(4));
  const auto beats = london_.Take(v1::SessionResponse::kHeartbeat);
  ASSERT_GE(beats.size(), 2u);
  EXPECT_THAT(beats.back().heartbeat().run_ids(), ::testing::ElementsAre(id));
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "test").ok());
  london_.Take(v1::SessionResponse::kHeartbeat);
  Pass(seconds(4));
  EXPECT_THAT(london_.Take(v1::SessionResponse::kHeartbeat).back().heartbeat().run_ids(), IsEmpty());
}

// What nodes are sent then is a sign of life itself, and of a large fleet all that there is time for.
TEST_F(CoordinatorTest, HeartbeatsDoNotCompeteWithArmingOrHealing) {
  const Duration interval = CoordinatorOptions{.lease = seconds(15)}.Heartbeat();
  Pass(seconds(4));
  const std::string id = BeginAndFire();
  london_.Take(v1::SessionResponse::kHeartbeat);
  Pass(interval - milliseconds(50));
  EXPECT_THAT(london_.Take(v1::SessionResponse::kHeartbeat), IsEmpty());
  Pass(interval);
  EXPECT_THAT(london_.Take(v1::SessionResponse::kHeartbeat), SizeIs(1));
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "test").ok());
  Pass(interval - milliseconds(50));
  EXPECT_THAT(london_.Take(v1::SessionResponse::kHeartbeat), IsEmpty());
  Pass(interval);
  EXPECT_THAT(london_.Take(v1::SessionResponse::kHeartbeat), SizeIs(1));
}

TEST_F(CoordinatorTest, NewKeysAreForTheNextRunAndDoNotCompeteWithArming) {
  Pass(seconds(12));
  ASSERT_THAT(london_.Take(v1::SessionResponse::kProbeConfig), SizeIs(1));
  const std::string id = BeginAndFire();
  Pass(seconds(12));
  EXPECT_THAT(london_.Take(v1::SessionResponse::kProbeConfig), IsEmpty());
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "test").ok());
  End(id);
  Pass(seconds(12));
  const auto configs = london_.Take(v1::SessionResponse::kProbeConfig);
  ASSERT_THAT(configs, SizeIs(1));
  EXPECT_EQ(configs[0].probe_config().keys_size(), 2);
}

TEST_F(CoordinatorTest, AbortHealsEveryNodeAndEndsWhenAllHaveConfirmed) {
  const std::string id = BeginAndFire();
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "enough").ok());
  EXPECT_THAT(london_.Take(v1::SessionResponse::kRelease), SizeIs(1));
  EXPECT_THAT(paris_.Take(v1::SessionResponse::kRelease), SizeIs(1));
  london_.ReportEnd(*coordinator_, id, v1::NODE_END_RELEASED);
  Pass(milliseconds(100));
  EXPECT_NE(Get(id).state(), v1::RUN_STATE_ENDED);
  paris_.ReportEnd(*coordinator_, id, v1::NODE_END_RELEASED);
  Pass(milliseconds(100));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_ABORTED);
  EXPECT_EQ(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "").code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(coordinator_->Abort("nope", v1::OUTCOME_ABORTED, "").code(), absl::StatusCode::kNotFound);
}

TEST_F(CoordinatorTest, SilentNodeIsGivenUpAfterItsLease) {
  const std::string id = BeginAndFire();
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "enough").ok());
  london_.ReportEnd(*coordinator_, id, v1::NODE_END_RELEASED);
  Pass(seconds(16));
  EXPECT_NE(Get(id).state(), v1::RUN_STATE_ENDED);
  Pass(seconds(2));
  EXPECT_EQ(Get(id).nodes(1).outcome().end(), v1::NODE_END_VANISHED);
}

TEST_F(CoordinatorTest, RestartedAgentIsAskedAndTheRunNotVerified) {
  const std::string id = BeginAndFire();
  paris_.Leave(fleet_);
  coordinator_->OnLeave(paris_.name());
  FakeAgent restarted("par-1", "172.33.4.2", 2);
  ASSERT_TRUE(restarted.Join(fleet_).ok());
  coordinator_->OnJoin(restarted.name(), {});
  EXPECT_THAT(restarted.Take(v1::SessionResponse::kRelease), SizeIs(1));
  restarted.ReportEnd(*coordinator_, id, v1::NODE_END_UNKNOWN_RUN);
  ReportProbes(Duration(0), kLength, seconds(5), seconds(15));
  Pass(kLength + milliseconds(600));
  london_.ReportEnd(*coordinator_, id, v1::NODE_END_COMPLETED);
  Pass(seconds(2));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_NOT_VERIFIED);
  EXPECT_THAT(Get(id).summary(), HasSubstr("par-1 (run unknown"));
}

TEST_F(CoordinatorTest, UnknownHeldRunsAreReleased) {
  coordinator_->OnJoin(london_.name(), {"ghost-7"});
  const auto releases = london_.Take(v1::SessionResponse::kRelease);
  ASSERT_THAT(releases, SizeIs(1));
  EXPECT_EQ(releases[0].release().run_id(), "ghost-7");
}

TEST_F(CoordinatorTest, PlanThatCannotBeCompiledStartsNothing) {
  paris_.Leave(fleet_);
  london_.Leave(fleet_);
  const absl::Status error = BeginError(Asked(kPlan));
  EXPECT_EQ(error.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(error.message()), HasSubstr("plan.yaml:"));
  EXPECT_THAT(*store_->List({}), IsEmpty());
}

TEST_F(CoordinatorTest, PlanThatTouchesNobodyIsAnError) {
  const std::string text =
      "name: none\ngroups:\n  a: {cidrs: [172.32.0.0/16]}\n  b: {cidrs: [\"fd21::/48\"]}\n"
      "steps:\n  - {for: 5s, block: {from: a, to: b}}\n";
  const absl::Status error = BeginError(Asked(text));
  EXPECT_EQ(error.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(error.message()), HasSubstr("no node has anything to do"));
  EXPECT_THAT(*store_->List({}), IsEmpty());
}

}  // namespace
}  // namespace faultline
