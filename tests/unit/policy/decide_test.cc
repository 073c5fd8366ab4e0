#include "controller/policy/decide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/unit/compile/fleet_builder.h"
#include "tests/unit/policy/wall_times.h"

namespace faultline {
namespace {

using std::chrono::minutes;
using testing_support::Node;
using testing_support::Set;
using Kind = Decision::Kind;

// Two nodes of staging in London, two of production in Paris. A plan of ten minutes that blocks from lon-1 to par-1.
class DecideTest : public ::testing::Test {
 protected:
  DecideTest() {
    facts_.nodes = nodes_;
    facts_.length = minutes(10);
    facts_.faults = {{.step = "split",
                      .kinds = {FaultKind::kBlock},
                      .groups = {"london", "paris"},
                      .cidrs = Set({"172.32.0.0/16"}),
                      .targets = {0, 2}}};
  }

  Decision Ask(const std::string& rules) {
    const absl::StatusOr<Policy> policy = ParsePolicy(absl::StrCat("rules:\n", rules), "policy.yaml");
    EXPECT_TRUE(policy.ok()) << policy.status();
    return Decide(*policy, who_, facts_, now_);
  }
  // Why not; empty: it is allowed.
  std::string Refusal(const std::string& rules) {
    const Decision decision = Ask(rules);
    EXPECT_NE(decision.kind, Kind::kNeedsApproval) << decision.reason;
    EXPECT_EQ(decision.kind == Kind::kRefused, !decision.reason.empty());
    return decision.reason;
  }
  // Of one rule that allows everything but for this condition.
  std::string AllowedIf(const std::string& condition) { return Refusal("  - allow: {" + condition + "}\n"); }

  const std::vector<InventoryNode> nodes_ = {Node("lon-1", {"172.32.4.2"}, {{"env", "staging"}, {"region", "eu-w2"}}),
                                             Node("lon-2", {"172.32.4.3"}, {{"env", "staging"}, {"region", "eu-w2"}}),
                                             Node("par-1", {"172.33.4.2"}, {{"env", "prod"}, {"region", "eu-w3"}}),
                                             Node("par-2", {"172.33.4.3"}, {{"region", "eu-w3"}})};
  PlanFacts facts_;
  Principal who_ = {.name = "alice", .role = Role::kOperator, .from = "unix:"};
  // A Monday.
  WallTime now_ = Moment("2026-07-06T08:30:00Z");
};

TEST_F(DecideTest, AllowsByEachCondition) {
  for (const char* condition :
       {"roles: [operator]", "users: [bob, alice]", "faults: [block, flap]", "groups: [lon*, paris]",
        "envs: [staging, prod]", "labels: {region: eu-*}", "cidrs: [172.32.0.0/15]", "max_duration: 10m",
        "max_share: 50%", "hours: {days: mon, from: '09:30', to: '10:00', zone: Europe/London}"}) {
    EXPECT_EQ(AllowedIf(condition), "") << condition;
  }
}

TEST_F(DecideTest, RefusesByEachConditionAndSaysWhatWouldDo) {
  const std::string place = "refused by policy.yaml:2: ";
  EXPECT_EQ(AllowedIf("roles: [admin]"), place + "for the role admin, 'alice' is operator");
  EXPECT_EQ(AllowedIf("users: [bob, carol]"), place + "for bob, carol, not for 'alice'");
  EXPECT_EQ(AllowedIf("faults: [impair, flap]"), place + "only the faults impair, flap, not block (step 'split')");
  EXPECT_EQ(AllowedIf("groups: [lon*]"), place + "only the groups lon*, not 'paris' (step 'split')");
  EXPECT_EQ(AllowedIf("envs: [staging]"), place + "only the env staging, par-1 has env=prod");
  EXPECT_EQ(AllowedIf("labels: {region: eu-w2}"), place + "only the region eu-w2, par-1 has region=eu-w3");
  EXPECT_EQ(AllowedIf("labels: {tier: gold}"), place + "only the tier gold, lon-1 has none");
  EXPECT_EQ(AllowedIf("cidrs: [172.32.0.0/17]"),
            place + "only addresses of 172.32.0.0/17, not 172.32.128.0/17 (step 'split')");
  EXPECT_EQ(AllowedIf("max_duration: 9m59s"), place + "at most 9m59s, the plan takes 10m");
  EXPECT_EQ(AllowedIf("max_share: 49%"), place + "at most 49% of its 4 nodes, the plan acts on 2");
  EXPECT_EQ(AllowedIf("hours: {from: '09:30', to: '09:40', zone: Europe/London}"),
            place + "only 09:30 to 09:40 Europe/London, the plan would take from Mon 09:30 to Mon 09:40 there");
}

TEST_F(DecideTest, NobodyMayDoWhatNoRuleAllows) {
  EXPECT_EQ(Refusal("  - deny: {users: bob}\n"), "refused by policy.yaml: it has no rule that allows");
  who_.role = Role::kAdmin;
  EXPECT_NE(Refusal("  - deny: {users: bob}\n"), "");
}

TEST_F(DecideTest, EveryFaultOnEveryNodeNeedsOneRuleThatAllowsIt) {
  const std::string staging = "  - allow: {envs: [staging]}\n";
  EXPECT_EQ(Refusal(staging + "  - allow: {envs: [prod], max_duration: 10m}\n"), "");
  // Each may be allowed by itself, but not this fault on that node.
  EXPECT_EQ(Refusal(staging + "  - allow: {faults: [block], envs: [test]}\n"),
            "refused by policy.yaml:2: only the env staging, par-1 has env=prod (the nearest of 2 rules that allow)");
  EXPECT_EQ(Refusal(staging + "  - allow: {faults: [impair], envs: [prod]}\n  - allow: {users: bob, envs: [test]}\n"),
            "refused by policy.yaml:2: only the env staging, par-1 has env=prod (the nearest of 3 rules that allow)");
  facts_.faults.push_back({.step = "slow", .kinds = {FaultKind::kImpair}, .groups = {"london"}, .targets = {1}});
  EXPECT_EQ(Refusal("  - allow: {faults: [block]}\n"),
            "refused by policy.yaml:2: only the faults block, not impair (step 'slow')");
}

TEST_F(DecideTest, OfAFaultThatFlapsBothKindsMustBeAllowed) {
  facts_.faults[0].kinds = {FaultKind::kBlock, FaultKind::kFlap};
  EXPECT_EQ(AllowedIf("faults: [block]"), "refused by policy.yaml:2: only the faults block, not flap (step 'split')");
  EXPECT_EQ(AllowedIf("faults: [block, flap]"), "");
}

TEST_F(DecideTest, AShareIsOfTheNodesThatTheRuleSpeaksOf) {
  facts_.faults[0].targets = {0};
  EXPECT_EQ(AllowedIf("max_share: 25%"), "");
  EXPECT_EQ(AllowedIf("envs: [staging], max_share: 50%"), "");
  EXPECT_EQ(AllowedIf("envs: [staging], max_share: 25%"),
            "refused by policy.yaml:2: at most 25% of its 2 nodes, the plan acts on 1");
}

TEST_F(DecideTest, ADenialWins) {
  const std::string all = "  - allow: {roles: [operator]}\n";
  EXPECT_EQ(Refusal(all + "  - deny: {envs: [prod], reason: ask the on-call}\n"),
            "refused by policy.yaml:3: it denies step 'split' on par-1: ask the on-call");
  for (const char* spoken_of :
       {"users: alice", "faults: [isolate, block]", "groups: paris", "cidrs: 172.32.7.0/24", "labels: {region: eu-w3}",
        "hours: {from: '09:35', to: '09:36', zone: Europe/London}"}) {
    EXPECT_NE(Refusal(all + "  - deny: {" + spoken_of + "}\n"), "") << spoken_of;
  }
  for (const char* other :
       {"users: bob", "faults: [isolate]", "groups: rome", "cidrs: 10.0.0.0/8", "envs: [test]", "roles: [admin]",
        "users: alice, envs: [test]", "hours: {from: '09:45', to: '09:46', zone: Europe/London}"}) {
    EXPECT_EQ(Refusal(all + "  - deny: {" + other + "}\n"), "") << other;
  }
}

TEST_F(DecideTest, ApprovalIsNeededForWhatIsAllowed) {
  const std::string approve = "  - approve: {envs: [prod]}\n";
  EXPECT_EQ(Ask(approve).kind, Kind::kRefused);
  const Decision decision = Ask("  - allow: {roles: [operator]}\n" + approve);
  EXPECT_EQ(decision.kind, Kind::kNeedsApproval);
  EXPECT_EQ(decision.reason, "policy.yaml:3: it wants a second person for step 'split' on par-1");
  facts_.faults[0].targets = {0};
  EXPECT_EQ(Ask("  - allow: {roles: [operator]}\n" + approve).kind, Kind::kAllowed);
}

}  // namespace
}  // namespace faultline
