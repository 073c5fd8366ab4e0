#include "common/digest.h"
#include "common/file.h"
#include "controller/schedule/wall_time.h"
#include "tests/unit/run/coordinator_harness.h"

namespace faultline {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kOperatorsMay[] = "rules:\n  - allow: {roles: [operator]}\n";
constexpr char kTwoPeople[] = "rules:\n  - allow: {roles: [operator]}\n  - approve: {groups: [paris]}\n";
const Principal kAlice = {.name = "alice", .role = Role::kOperator, .from = "unix:"};
// One whom the controller knows by a certificate, not the host.
Principal Enrolled(Principal who) {
  who.enrolled = true;
  return who;
}

const Principal kBob = {.name = "bob", .role = Role::kOperator, .from = "unix:"};

// Runs under a policy, and in the audit log.
class PermissionTest : public CoordinatorTest {
 protected:
  // From now on, as after a restart.
  void SetPolicy(const std::string& text) {
    policy_file_ = folder_ + "/policy.yaml";
    ASSERT_TRUE(WriteFile(policy_file_, text).ok());
    Start();
  }
  static RunRequest By(const Principal& who) {
    RunRequest request = Asked(kPlan);
    request.starter = who;
    return request;
  }
  RunRequest Due(const Principal& who, Duration in) {
    RunRequest request = By(who);
    request.due = clock_.WallNow() + in;
    return request;
  }
  std::size_t ArmsSent() { return london_.Take(v1::SessionResponse::kArm).size(); }
};

TEST_F(PermissionTest, WhatThePolicyRefusesIsNoRun) {
  SetPolicy("rules:\n  - allow: {users: [bob]}\n");
  const absl::Status error = BeginError(By(kAlice));
  EXPECT_EQ(error.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(std::string(error.message()), "refused by policy.yaml:2: for bob, not for 'alice'");
  EXPECT_THAT(*store_->List({}), IsEmpty());
  EXPECT_EQ(ArmsSent(), 0u);
  Begin(By(kBob));
  EXPECT_EQ(ArmsSent(), 1u);
}

TEST_F(PermissionTest, WhatBeginsIsInTheAuditLogFirst) {
  const std::string id = Begin(By(kAlice));
  EXPECT_EQ(audit_.plan_digest(), Sha256Hex(kPlan));
  EXPECT_THAT(audit_.Take(), ElementsAre("alice: start a run split-1: allowed"));
  Fire(id);
  End(id);
  audit_.SetFull(true);
  ArmsSent();
  const absl::Status error = BeginError(By(kAlice));
  EXPECT_EQ(error.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(std::string(error.message()),
            "nothing may begin that cannot be written to the audit log: writing audit.jsonl: No space left on device");
  EXPECT_EQ(ArmsSent(), 0u);
  EXPECT_EQ(store_->List({})->size(), 1u);
}

TEST_F(PermissionTest, WhatWaitedDoesNotBeginOnceTheAuditLogIsFull) {
  const std::string id = Begin(Due(kAlice, hours(1)));
  EXPECT_THAT(audit_.Take(), ElementsAre("alice: start a run split-1: allowed: to begin at 2024-01-01T01:00:00Z"));
  audit_.SetFull(true);
  Pass(hours(1) + milliseconds(100));
  host_.AnswerLookups();
  Pass(milliseconds(100));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_REFUSED);
  EXPECT_THAT(Get(id).summary(), HasSubstr("nothing may begin that cannot be written to the audit log"));
  EXPECT_EQ(ArmsSent(), 0u);
}

TEST_F(PermissionTest, AtItsMomentThePolicyOfThatMomentHolds) {
  SetPolicy(kOperatorsMay);
  const std::string id = Begin(Due(kAlice, hours(1)));
  SetPolicy("rules:\n  - allow: {users: [alice]}\n  - deny: {faults: [partition], reason: not today}\n");
  audit_.Take();
  Pass(hours(1) + milliseconds(100));
  host_.AnswerLookups();
  Pass(milliseconds(100));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_REFUSED);
  EXPECT_THAT(Get(id).summary(), HasSubstr("refused by policy.yaml:3: it denies step 'cut' on lon-1: not today"));
  EXPECT_THAT(audit_.Take(),
              ElementsAre("alice: begin a run split-1: refused: refused by policy.yaml:3: it denies step "
                          "'cut' on lon-1: not today"));
  EXPECT_EQ(ArmsSent(), 0u);
}

TEST_F(PermissionTest, AtItsMomentTheRoleOfThatMomentHolds) {
  Role role = Role::kOperator;
  role_of_ = [&role](const std::string&) { return role; };
  SetPolicy(kOperatorsMay);
  RunRequest nightly = Due(Enrolled(kAlice), hours(1));
  nightly.schedule_name = "nightly";
  const std::string id = Begin(std::move(nightly));
  // Whom the host knows by that name is somebody else, and keeps what it had.
  const std::string other = Begin(Due(kAlice, hours(2)));
  audit_.Take();
  // Removed, or made a viewer.
  role = Role::kViewer;
  Pass(hours(1) + milliseconds(100));
  host_.AnswerLookups();
  Pass(milliseconds(100));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_REFUSED);
  constexpr char kWhy[] =
      "'alice', who asked for it, was operator and has the role viewer by now: it takes the role operator";
  EXPECT_THAT(Get(id).summary(), HasSubstr(kWhy));
  EXPECT_THAT(audit_.Take(), ElementsAre(absl::StrCat("alice: begin a run ", id, ": refused: ", kWhy)));
  EXPECT_THAT(events_.Texts(v1::EVENT_KIND_RUN_ENDED), Contains(HasSubstr(kWhy)));
  EXPECT_EQ(ArmsSent(), 0u);
  Pass(hours(1));
  host_.AnswerLookups();
  EXPECT_EQ(ArmsSent(), 1u);
}

TEST_F(PermissionTest, WhatRunsGoesOnThoughItsStarterIsSentAway) {
  Role role = Role::kOperator;
  role_of_ = [&role](const std::string&) { return role; };
  SetPolicy(kOperatorsMay);
  const std::string id = Begin(By(Enrolled(kAlice)));
  Fire(id);
  role = Role::kViewer;
  Pass(seconds(1));
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_RUNNING);
  EXPECT_EQ(BeginError(By(Enrolled(kAlice))).code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(PermissionTest, AfterARestartItIsOnTheSameWord) {
  SetPolicy("rules:\n  - allow: {users: [alice]}\n");
  const std::string id = Begin(Due(kAlice, hours(1)));
  audit_.Take();
  Start();
  Pass(hours(1) + milliseconds(100));
  host_.AnswerLookups();
  EXPECT_EQ(ArmsSent(), 1u);
  EXPECT_THAT(audit_.Take(), ElementsAre("alice: begin a run split-1: allowed"));
}

TEST_F(PermissionTest, ARunOfNobodyKnownIsRefusedToUsers) {
  SetPolicy("rules:\n  - allow: {users: [alice]}\n");
  const std::string id = Begin(Due(kAlice, hours(1)));
  ASSERT_TRUE(permits_->Remove(PermitStore::OfRun(id)).ok());
  Start();
  Pass(hours(1) + milliseconds(100));
  host_.AnswerLookups();
  Pass(milliseconds(100));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_REFUSED);
  EXPECT_THAT(Get(id).summary(), HasSubstr("for alice, not for 'unknown'"));
}

TEST_F(PermissionTest, ASecondPersonLetsItBegin) {
  SetPolicy(kTwoPeople);
  const std::string id = Begin(By(kAlice));
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_WAITING);
  EXPECT_EQ(Get(id).summary(),
            "waits for a second person to run `faultline approve split-1` within 1h: policy.yaml:3: it wants a second "
            "person for step 'cut' on lon-1");
  EXPECT_THAT(events_.Texts(v1::EVENT_KIND_RUN_WAITING), ElementsAre(Get(id).summary()));
  Pass(minutes(30));
  EXPECT_EQ(ArmsSent(), 0u);
  EXPECT_EQ(host_.lookups(), 0u);

  const absl::Status same = coordinator_->Approve(id, kAlice);
  EXPECT_EQ(same.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(std::string(same.message()),
            "run split-1 was started by 'alice' too; it takes a second person to approve it");
  Pass(seconds(1));
  EXPECT_EQ(host_.lookups(), 0u);

  audit_.Take();
  ASSERT_TRUE(coordinator_->Approve(id, kBob).ok());
  EXPECT_EQ(Get(id).summary(), "approved by 'bob'");
  EXPECT_EQ(coordinator_->Approve(id, kBob).code(), absl::StatusCode::kFailedPrecondition);
  Pass(milliseconds(100));
  host_.AnswerLookups();
  EXPECT_EQ(ArmsSent(), 1u);
  EXPECT_THAT(audit_.Take(), ElementsAre("bob: approve a run split-1: approved: started by 'alice'",
                                         "alice: begin a run split-1: allowed: approved by 'bob'"));
  Fire(id);
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_RUNNING);
  EXPECT_THAT(Get(id).warnings(), ::testing::Contains("started by 'alice', approved by 'bob'"));
  EXPECT_EQ(coordinator_->Approve(id, {.name = "carol"}).code(), absl::StatusCode::kFailedPrecondition);
  End(id);
  EXPECT_EQ(coordinator_->Approve(id, {.name = "carol"}).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(coordinator_->Approve("none-1", kBob).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(*permits_->Get(PermitStore::OfRun(id)), std::nullopt);
}

TEST_F(PermissionTest, NobodyWaitsForASecondPersonForEver) {
  SetPolicy(kTwoPeople);
  const std::string id = Begin(By(kAlice));
  Pass(kApprovalTime - seconds(1));
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_WAITING);
  audit_.Take();
  Pass(seconds(2));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_ABORTED);
  EXPECT_EQ(Get(id).summary(), "nobody approved it within 1h");
  EXPECT_THAT(audit_.Take(), ElementsAre("alice: begin a run split-1: refused: nobody approved it within 1h"));
  EXPECT_EQ(coordinator_->Approve(id, kBob).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ArmsSent(), 0u);
}

TEST_F(PermissionTest, ApprovalThatCannotBeWrittenIsNone) {
  SetPolicy(kTwoPeople);
  const std::string id = Begin(By(kAlice));
  audit_.SetFull(true);
  EXPECT_EQ(coordinator_->Approve(id, kBob).code(), absl::StatusCode::kFailedPrecondition);
  Pass(seconds(1));
  EXPECT_EQ(host_.lookups(), 0u);
}

TEST_F(PermissionTest, OneThatWaitsForItsMomentCanBeApprovedBefore) {
  SetPolicy(kTwoPeople);
  const std::string id = Begin(Due(kAlice, hours(3)));
  ASSERT_TRUE(coordinator_->Approve(id, kBob).ok());
  Start();
  Pass(hours(3) - milliseconds(100));
  EXPECT_EQ(host_.lookups(), 0u);
  Pass(milliseconds(200));
  host_.AnswerLookups();
  EXPECT_EQ(ArmsSent(), 1u);
}

TEST_F(PermissionTest, OneThatWaitsToBeApprovedDoesNotOutliveARestart) {
  SetPolicy(kTwoPeople);
  const std::string id = Begin(By(kAlice));
  clock_.Advance(seconds(1));
  Start();
  Pass(seconds(1));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_MISSED);
  EXPECT_THAT(Get(id).summary(), HasSubstr("while it waited for other runs, or to be approved"));
}

TEST_F(PermissionTest, OneThatWaitsToBeApprovedKeepsNobodyOffItsNodesAndCanBeAborted) {
  SetPolicy(kTwoPeople);
  const std::string first = Begin(By(kAlice));
  const std::string second = Begin(By(kBob));
  ASSERT_TRUE(coordinator_->Approve(second, kAlice).ok());
  Pass(milliseconds(100));
  host_.AnswerLookups();
  EXPECT_EQ(ArmsSent(), 1u);
  // The other has its nodes now.
  ASSERT_TRUE(coordinator_->Approve(first, kBob).ok());
  Pass(milliseconds(100));
  host_.AnswerLookups();
  Pass(milliseconds(100));
  EXPECT_EQ(Get(first).outcome(), v1::OUTCOME_REFUSED);
  Fire(second);
  End(second);
  const std::string third = Begin(By(kAlice));
  ASSERT_TRUE(coordinator_->Abort(third, v1::OUTCOME_ABORTED, "aborted").ok());
  Pass(milliseconds(100));
  EXPECT_EQ(Get(third).outcome(), v1::OUTCOME_ABORTED);
}

}  // namespace
}  // namespace faultline
