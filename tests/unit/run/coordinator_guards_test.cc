#include "common/timeline_codec.h"
#include "tests/unit/run/coordinator_harness.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const CheckResult kGood = {.passed = true, .detail = "status 200"};
const CheckResult kBad = {.passed = false, .detail = "status 503, not 200"};

const std::string kGuarded = std::string("name: guarded") + kHead +
                             "guards:\n  - {name: quorum, every: 2s, http: \"http://127.0.0.1:1/\", failures: 2}\n";
const std::string kObserved = std::string("name: observed") + kHead +
                              "observe:\n  - {name: pmap, before: cut, after: cut, timeout: 2s, command: [asadm, x]}\n";

// What a run has done on the controller's host.
class HostWorkTest : public CoordinatorTest {
 protected:
  std::size_t ArmsSent() { return london_.Take(v1::SessionResponse::kArm).size(); }
  std::string FireGuarded() {
    const std::string id = Begin(kGuarded);
    host_.AnswerChecks(kGood);
    Fire(id);
    return id;
  }
};

TEST_F(HostWorkTest, GuardsMustPassBeforeAnyNodeIsArmed) {
  const std::string id = Begin(kGuarded);
  Pass(milliseconds(500));
  EXPECT_EQ(ArmsSent(), 0u);
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_ARMING);
  host_.AnswerChecks(kGood);
  EXPECT_EQ(ArmsSent(), 1u);
}

TEST_F(HostWorkTest, RunOfAGuardThatFailsFirstIsRefused) {
  const std::string id = Begin(kGuarded);
  host_.AnswerChecks(kBad);
  Pass(milliseconds(50));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_REFUSED);
  EXPECT_EQ(Get(id).summary(), "guard 'quorum' failed: status 503, not 200");
  EXPECT_THAT(Get(id).nodes(), IsEmpty());
  EXPECT_EQ(ArmsSent(), 0u);
  EXPECT_THAT(london_.Take(v1::SessionResponse::kRelease), IsEmpty());
}

TEST_F(HostWorkTest, GuardThatFailsDuringTheRunAbortsIt) {
  const std::string id = FireGuarded();
  Pass(seconds(5));
  ASSERT_EQ(host_.checks(), 1u);
  host_.AnswerChecks(kBad);
  EXPECT_THAT(london_.Take(v1::SessionResponse::kRelease), IsEmpty());
  Pass(seconds(2));
  host_.AnswerChecks(kBad);
  // At once, not at the next look.
  EXPECT_THAT(london_.Take(v1::SessionResponse::kRelease), SizeIs(1));
  EXPECT_THAT(paris_.Take(v1::SessionResponse::kRelease), SizeIs(1));
  End(id);
  const v1::Run run = Get(id);
  EXPECT_EQ(run.outcome(), v1::OUTCOME_ABORTED);
  EXPECT_EQ(run.summary(), "guard 'quorum' failed: status 503, not 200");
  ASSERT_EQ(run.guard_checks_size(), 2);
  EXPECT_TRUE(run.guard_checks(0).passed());
  EXPECT_LT(*DecodeDuration(run.guard_checks(0).at()), Duration(0));
  EXPECT_FALSE(run.guard_checks(1).passed());
  EXPECT_EQ(run.guard_checks(1).repeated_checks(), 1u);
  Pass(seconds(5));
  EXPECT_EQ(host_.checks(), 0u);
}

TEST_F(HostWorkTest, GuardIsNeverCheckedTwiceAtATime) {
  FireGuarded();
  Pass(seconds(5));
  EXPECT_EQ(host_.checks(), 1u);
}

TEST_F(HostWorkTest, GuardThatDoesNotAnswerAbortsTheRun) {
  const std::string id = FireGuarded();
  // Checked after 2 s, to come back within 2 s; then twice overdue.
  Pass(seconds(2) + seconds(4) + milliseconds(200));
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_RUNNING);
  EXPECT_THAT(Get(id).guard_checks(), SizeIs(2));
  EXPECT_THAT(london_.Take(v1::SessionResponse::kRelease), IsEmpty());
  Pass(seconds(2));
  EXPECT_THAT(london_.Take(v1::SessionResponse::kRelease), SizeIs(1));
  End(id);
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_ABORTED);
  EXPECT_EQ(Get(id).summary(), "guard 'quorum' failed: no answer from the check in time");
}

// What a controller does that finds a guarded run of another, which its nodes carry on with.
class GuardsAfterARestartTest : public HostWorkTest {
 protected:
  // `guard`: what its guard does when it fails.
  std::string FireAndRestart(const std::string& on_fail, bool readable = true) {
    std::string text = kGuarded + "on_controller_loss: continue\n";
    text.replace(text.find("failures: 2"), 11, "on_fail: " + on_fail);
    const std::string id = Begin(text);
    host_.AnswerChecks(kGood);
    Fire(id);
    v1::Run stored = *store_->Get(id);
    if (!readable) stored.set_plan_text("name: [");
    EXPECT_TRUE(store_->Put(stored).ok());
    Start();
    london_.Take(v1::SessionResponse::kRelease);
    coordinator_->OnJoin(london_.name(), {id});
    return id;
  }
  std::size_t Releases() { return london_.Take(v1::SessionResponse::kRelease).size(); }
};

TEST_F(GuardsAfterARestartTest, RunIsEndedThatNobodyGuardsAnyMore) {
  const std::string id = FireAndRestart("abort");
  EXPECT_EQ(Releases(), 1u);
  // Its nodes may have carried on without the controller.
  Pass(seconds(20));
  EXPECT_NE(Get(id).state(), v1::RUN_STATE_ENDED);
  EXPECT_THAT(london_.Take(v1::SessionResponse::kHeartbeat).back().heartbeat().run_ids(), IsEmpty());
  End(id);
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_INTERRUPTED);
  EXPECT_EQ(Get(id).summary(),
            "the controller was restarted during the run, and guard 'quorum' cannot be checked any more");
}

TEST_F(GuardsAfterARestartTest, RunGoesOnThatNoGuardMayAbort) {
  FireAndRestart("note");
  EXPECT_EQ(Releases(), 0u);
}

TEST_F(GuardsAfterARestartTest, RunIsEndedWhosePlanCannotBeRead) {
  const std::string id = FireAndRestart("note", false);
  EXPECT_EQ(Releases(), 1u);
  EXPECT_THAT(Get(id).summary(), HasSubstr("can neither read its plan any more nor check its guards"));
}

TEST_F(HostWorkTest, AnswerAfterTheEndChangesNothing) {
  const std::string id = FireGuarded();
  Pass(seconds(3));
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "enough").ok());
  End(id);
  host_.AnswerChecks(kBad);
  EXPECT_EQ(Get(id).summary(), "enough");
}

TEST_F(HostWorkTest, AbortWhileGuardsAreCheckedEndsTheRunAtOnce) {
  const std::string id = Begin(kGuarded);
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "enough").ok());
  Pass(milliseconds(50));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_ABORTED);
  host_.AnswerChecks(kGood);
  EXPECT_EQ(ArmsSent(), 0u);
}

TEST_F(HostWorkTest, ChecksThatNeverComeBackAreARefusal) {
  const std::string guarded = Begin(kGuarded);
  Pass(seconds(5));
  EXPECT_EQ(Get(guarded).outcome(), v1::OUTCOME_REFUSED);
  EXPECT_THAT(Get(guarded).summary(), HasSubstr("no answer from the check in time"));
  std::string text = kObserved;
  text.replace(text.find("at: 5s"), 6, "at: 0s");
  const std::string observed = Begin(text);
  Pass(seconds(13));
  EXPECT_EQ(Get(observed).outcome(), v1::OUTCOME_REFUSED);
  EXPECT_THAT(Get(observed).summary(), HasSubstr("did not come back"));
}

TEST_F(HostWorkTest, RestartWhileGuardsAreCheckedAppliesNothing) {
  const std::string id = Begin(kGuarded);
  Start();
  Pass(milliseconds(50));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_INTERRUPTED);
  EXPECT_EQ(Get(id).summary(), "the controller was restarted before anything was applied");
}

TEST_F(HostWorkTest, CommandsAreRefusedUnlessTheConfigurationAllowsThem) {
  allow_commands_ = false;
  Start();
  const absl::Status error = BeginError(Asked(kObserved));
  EXPECT_EQ(error.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(error.message()),
              ::testing::MatchesRegex("plan.yaml:[0-9]+:[0-9]+: observation 'pmap' runs a command, which this "
                                      "controller does not allow; set 'commands: allow' in its configuration"));
  const std::string command = std::string("name: x") + kHead + "guards:\n  - {name: q, command: [\"true\"]}\n";
  EXPECT_THAT(std::string(BeginError(Asked(command)).message()), HasSubstr("guard 'q' runs a command"));
  EXPECT_THAT(*store_->List({}), IsEmpty());
  // Of a schedule there is a record.
  RunRequest request = Asked(kObserved);
  request.due = clock_.WallNow();
  request.schedule_name = "weekly";
  const std::string id = Begin(std::move(request));
  Pass(milliseconds(100));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_REFUSED);
  EXPECT_THAT(Get(id).summary(), HasSubstr("set 'commands: allow'"));
  EXPECT_THAT(host_.Commands(), IsEmpty());
}

TEST(CheckCommandsFromTest, CommandsAreTakenFromTheUnixSocketOnly) {
  const Plan plain = ParsePlan(kPlan).plan;
  const Plan observed = ParsePlan(kObserved).plan;
  const Plan guarded = ParsePlan(std::string("name: x") + kHead + "guards:\n  - {name: q, command: [\"true\"]}\n").plan;
  for (const Plan* plan : {&plain, &observed, &guarded}) {
    EXPECT_TRUE(CheckCommandsFrom("unix:", *plan, "plan.yaml").ok());
    EXPECT_TRUE(CheckCommandsFrom("unix:/run/faultline/controller.sock", *plan, "plan.yaml").ok());
  }
  for (const std::string peer : {"ipv4:127.0.0.1:4711", "ipv6:%5B::1%5D:4711", "ipv4:10.0.0.1:1", "unknown", ""}) {
    EXPECT_TRUE(CheckCommandsFrom(peer, plain, "plan.yaml").ok());
    EXPECT_EQ(CheckCommandsFrom(peer, guarded, "plan.yaml").code(), absl::StatusCode::kPermissionDenied);
    const absl::Status error = CheckCommandsFrom(peer, observed, "plan.yaml");
    EXPECT_EQ(error.code(), absl::StatusCode::kPermissionDenied);
    EXPECT_THAT(std::string(error.message()),
                ::testing::MatchesRegex("plan.yaml:[0-9]+:[0-9]+: observation 'pmap' runs a command, which is only "
                                        "taken by the controller's Unix socket, on its own host"));
  }
}

TEST_F(HostWorkTest, ObservationsAreCapturedAtTheirMoments) {
  const std::string id = BeginAndFire(kObserved);
  Pass(milliseconds(500) + seconds(3) - milliseconds(100));
  EXPECT_THAT(host_.Commands(), IsEmpty());
  Pass(milliseconds(150));
  EXPECT_THAT(host_.Commands(), ElementsAre("before cut: asadm x"));
  host_.AnswerCommands({.took = milliseconds(40), .exit_code = 0, .output = "map 1"});
  Pass(seconds(12) + milliseconds(100));
  EXPECT_THAT(host_.Commands(), ElementsAre("after cut: asadm x"));
  host_.AnswerCommands({.exit_code = 3, .output = "map 2", .truncated = true});
  const v1::Run run = Get(id);
  ASSERT_EQ(run.captures_size(), 2);
  EXPECT_EQ(run.captures(0).moment(), "before cut");
  EXPECT_EQ(run.captures(0).output(), "map 1");
  EXPECT_THAT(run.captures(0).command(), ElementsAre("asadm", "x"));
  EXPECT_NEAR(static_cast<double>(DecodeDuration(run.captures(0).at())->count()), 3e9, 6e7);
  EXPECT_EQ(run.captures(1).exit_code(), 3);
  EXPECT_TRUE(run.captures(1).truncated());
}

TEST_F(HostWorkTest, RunWaitsForItsLastCapture) {
  const std::string id = BeginAndFire(kObserved);
  Pass(milliseconds(500) + seconds(4));
  host_.AnswerCommands({});
  ReportProbes(Duration(0), kLength, seconds(5), seconds(15));
  Pass(kLength);
  End(id, v1::NODE_END_COMPLETED);
  Pass(seconds(2));
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_RUNNING);
  host_.AnswerCommands({.output = "late"});
  Pass(milliseconds(100));
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_ENDED);
  EXPECT_EQ(Get(id).captures(1).output(), "late");
}

TEST_F(HostWorkTest, WhatHasNoTimeAfterT0IsCapturedBeforeArming) {
  std::string text = kObserved;
  text.replace(text.find("at: 5s"), 6, "at: 0s");
  const std::string id = Begin(text);
  EXPECT_THAT(host_.Commands(), ElementsAre("before cut: asadm x"));
  EXPECT_EQ(ArmsSent(), 0u);
  host_.AnswerCommands({.output = "map"});
  EXPECT_EQ(ArmsSent(), 1u);
  Fire(id);
  EXPECT_LT(*DecodeDuration(Get(id).captures(0).at()), Duration(0));
}

const std::string kNamed =
    "name: named\ngroups:\n  london: {cidrs: [172.32.0.0/16]}\n  db: {dns: [db.example.org]}\n"
    "steps:\n  - {for: 5s, name: cut, block: {from: db, to: london}}\n";

TEST_F(HostWorkTest, NamesAreLookedUpAndRecorded) {
  const std::string id = Begin(kNamed);
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_ARMING);
  EXPECT_EQ(host_.lookups(), 0u);
  Pass(milliseconds(50));
  EXPECT_EQ(host_.lookups(), 1u);
  EXPECT_EQ(ArmsSent(), 0u);
  host_.AnswerLookups({*IpAddress::Parse("203.0.113.7"), *IpAddress::Parse("203.0.113.9")});
  const auto arms = london_.Take(v1::SessionResponse::kArm);
  ASSERT_THAT(arms, SizeIs(1));
  const auto timeline = DecodeTimeline(arms[0].arm().timeline());
  ASSERT_TRUE(timeline.ok()) << timeline.status();
  EXPECT_TRUE(std::any_of(timeline->prefix_sets.begin(), timeline->prefix_sets.end(), [](const PrefixSet& set) {
    return set.Contains(*IpAddress::Parse("203.0.113.9")) && !set.Contains(*IpAddress::Parse("203.0.113.8"));
  }));
  const v1::Run run = Get(id);
  ASSERT_EQ(run.names_size(), 1);
  EXPECT_EQ(run.names(0).name(), "db.example.org");
  EXPECT_THAT(run.names(0).addresses(), ElementsAre("203.0.113.7", "203.0.113.9"));
}

TEST_F(HostWorkTest, RunThatHadToWaitHasTheAddressesOfThen) {
  const std::string first = BeginAndFire();
  RunRequest request = Asked(kNamed);
  request.queue = true;
  const std::string id = Begin(std::move(request));
  Pass(milliseconds(50));
  host_.AnswerLookups({*IpAddress::Parse("203.0.113.7")});
  EXPECT_THAT(Get(id).summary(), HasSubstr("waits: run " + first));
  ASSERT_TRUE(coordinator_->Abort(first, v1::OUTCOME_ABORTED, "enough").ok());
  End(first);
  Pass(milliseconds(100));
  london_.Take(v1::SessionResponse::kArm);
  host_.AnswerLookups({*IpAddress::Parse("203.0.113.9")});
  const auto arms = london_.Take(v1::SessionResponse::kArm);
  ASSERT_THAT(arms, SizeIs(1));
  const auto timeline = DecodeTimeline(arms[0].arm().timeline());
  ASSERT_TRUE(timeline.ok()) << timeline.status();
  const auto names = [&](const char* address) {
    return std::ranges::any_of(timeline->prefix_sets,
                               [&](const PrefixSet& set) { return set.Contains(*IpAddress::Parse(address)); });
  };
  EXPECT_TRUE(names("203.0.113.9"));
  EXPECT_FALSE(names("203.0.113.7"));
}

TEST_F(HostWorkTest, NameThatCannotBeLookedUpIsARefusal) {
  const std::string id = Begin(kNamed);
  Pass(milliseconds(50));
  host_.FailLookups(absl::NotFoundError("cannot look up 'db.example.org': Name or service not known"));
  Pass(milliseconds(50));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_REFUSED);
  EXPECT_THAT(Get(id).summary(), HasSubstr("cannot look up 'db.example.org'"));
}

TEST_F(HostWorkTest, UnmetExpectationIsNotVerified) {
  for (const bool met : {true, false}) {
    const std::string id = BeginAndFire(
        std::string("name: expected") + kHead +
        "expect:\n  - {step: cut, from: london, to: paris, reach: " + (met ? "unreachable" : "reachable") + "}\n");
    ReportProbes(Duration(0), kLength, seconds(5), seconds(15));
    Pass(kLength + milliseconds(600));
    End(id, v1::NODE_END_COMPLETED);
    Pass(seconds(2));
    const v1::Run run = Get(id);
    EXPECT_EQ(run.outcome(), met ? v1::OUTCOME_VERIFIED : v1::OUTCOME_NOT_VERIFIED) << run.summary();
    ASSERT_EQ(run.expectations_size(), 1);
    EXPECT_EQ(run.expectations(0).stage(), "cut");
    if (!met) {
      EXPECT_THAT(run.summary(), HasSubstr("cut: not as expected, "));
      EXPECT_THAT(run.summary(), HasSubstr("lon-1 → par-1 (IPv4): 0 of "));
    }
    Pass(seconds(90));
  }
}

}  // namespace
}  // namespace faultline
