#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/policy/policy.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using RuleKind = PolicyRule::Kind;

std::string Errors(absl::string_view text) { return std::string(ParsePolicy(text, "/etc/p.yaml").status().message()); }

TEST(PolicyReaderTest, ReadsEveryCondition) {
  const auto policy = ParsePolicy(R"yaml(rules:
  - allow:
      roles: [operator, admin]
      users: [alice]
      faults: [block, flap]
      groups: "lon*"
      cidrs: [172.32.0.0/16, "fd20::/48"]
      envs: [staging, test-*]
      labels: {region: eu-*, az: [a, b]}
      max_duration: 10m
      max_share: 50%
      hours: {days: [mon-wed, sat-sun], from: "09:00", to: 17:30, zone: Europe/London}
  - deny: {envs: prod, reason: ask the on-call}
  - approve: {labels: {tier: gold}}
)yaml",
                                  "/etc/faultline/policy.yaml");
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_EQ(policy->file_name, "policy.yaml");
  ASSERT_EQ(policy->rules.size(), 3u);
  const PolicyRule& allow = policy->rules[0];
  EXPECT_EQ(allow.kind, RuleKind::kAllow);
  EXPECT_EQ(allow.position.line, 2);
  EXPECT_THAT(allow.roles, ElementsAre(Role::kOperator, Role::kAdmin));
  EXPECT_THAT(allow.users, ElementsAre("alice"));
  EXPECT_THAT(allow.faults, ElementsAre(FaultKind::kBlock, FaultKind::kFlap));
  EXPECT_THAT(allow.groups, ElementsAre("lon*"));
  EXPECT_EQ(allow.cidrs.ToString(), "172.32.0.0/16, fd20::/48");
  EXPECT_THAT(allow.envs, ElementsAre("staging", "test-*"));
  EXPECT_THAT(allow.labels.at("region"), ElementsAre("eu-*"));
  EXPECT_THAT(allow.labels.at("az"), ElementsAre("a", "b"));
  EXPECT_EQ(allow.max_duration, std::chrono::minutes(10));
  EXPECT_EQ(allow.max_share, Ratio::Percent(50));
  EXPECT_EQ(allow.hours->ToString(), "mon-wed,sat,sun 09:00 to 17:30 Europe/London");
  EXPECT_EQ(policy->rules[1].kind, RuleKind::kDeny);
  EXPECT_EQ(policy->rules[1].position.line, 13);
  EXPECT_EQ(policy->rules[1].reason, "ask the on-call");
  EXPECT_EQ(policy->rules[2].kind, RuleKind::kApprove);
  EXPECT_THAT(policy->rules[2].envs, IsEmpty());
}

TEST(PolicyReaderTest, SaysExactlyThisOfEveryError) {
  EXPECT_EQ(
      Errors(R"yaml(rules:
  - allow: {roles: [boss], faults: [blok], users: [""], cidrs: [172.32.0.0/33]}
  - allow: {max_duration: 10, max_share: 150%, reason: because}
  - deny: {max_duration: 1m, max_share: 1%}
  - {allow: {users: a}, deny: {users: b}}
  - permit: {users: a}
  - approve: {}
  - deny: {env: prod}
  - allow: {hours: {days: [mon-fry], from: "9:00", to: "24:01"}}
  - allow: {hours: {from: "09:00", to: "09:00", zone: Mars/Olympus}}
  - allow: {labels: {region: []}}
  - allow
)yaml"),
      "/etc/p.yaml:2:21: one of 'roles' must be viewer, operator or admin, not 'boss'\n"
      "/etc/p.yaml:2:37: one of 'faults' must be block, partition, isolate, impair or flap, not 'blok'; did you mean "
      "'block'?\n"
      "/etc/p.yaml:2:52: one of 'users' is empty\n"
      "/etc/p.yaml:2:65: one of 'cidrs': '172.32.0.0/33' is not a CIDR: its length must be within 0 to 32\n"
      "/etc/p.yaml:3:27: 'max_duration': '10' is not a duration: it has no unit; write for example 250ms, 30s, 1h30m "
      "or PT5M\n"
      "/etc/p.yaml:3:42: 'max_share' must be at most 100%\n"
      "/etc/p.yaml:3:56: 'reason' is for 'deny' and 'approve'\n"
      "/etc/p.yaml:4:26: 'max_duration' is for 'allow'\n"
      "/etc/p.yaml:4:41: 'max_share' is for 'allow'\n"
      "/etc/p.yaml:5:5: a rule is one of 'allow', 'deny' and 'approve'; write one rule for each\n"
      "/etc/p.yaml:6:5: unknown key 'permit' in a rule; expected: allow, deny, approve\n"
      "/etc/p.yaml:7:14: 'approve' is an empty mapping\n"
      "/etc/p.yaml:8:12: unknown key 'env' in 'deny'; did you mean 'envs'?\n"
      "/etc/p.yaml:9:20: 'hours' has no 'zone'; name one, such as 'zone: Europe/London'\n"
      "/etc/p.yaml:9:28: one of 'days' is 'mon-fry'; expected mon, tue, wed, thu, fri, sat, sun or a range such as "
      "mon-fri\n"
      "/etc/p.yaml:9:44: 'from' is '9:00'; expected a time of the day such as \"09:00\", up to \"24:00\"\n"
      "/etc/p.yaml:9:56: 'to' is '24:01'; expected a time of the day such as \"09:00\", up to \"24:00\"\n"
      "/etc/p.yaml:10:20: 'hours' end when they begin; leave out both for whole days\n"
      "/etc/p.yaml:10:55: there is no time zone 'Mars/Olympus' on the controller; expected one such as "
      "'Europe/London' or 'UTC'\n"
      "/etc/p.yaml:11:30: label 'region' is an empty list\n"
      "/etc/p.yaml:12:5: a rule must be a mapping, but it is a single value");
  EXPECT_EQ(Errors("rules: []"), "/etc/p.yaml:1:8: 'rules' is an empty list");
  EXPECT_EQ(Errors("rule: []"), "/etc/p.yaml:1:1: unknown key 'rule' in the policy; did you mean 'rules'?");
  EXPECT_EQ(Errors(""), "/etc/p.yaml:1:1: the text is empty");
  EXPECT_EQ(Errors("rules: ["), "/etc/p.yaml:1:9: malformed YAML: end of sequence flow not found");
}

}  // namespace
}  // namespace faultline
