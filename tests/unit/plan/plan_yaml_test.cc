#include "controller/plan/plan_yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/unit/plan/plan_texts.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

PrefixSet Set(std::initializer_list<const char*> texts) {
  std::vector<Prefix> prefixes;
  for (const char* text : texts) prefixes.push_back(Prefix::Parse(text).value());
  return PrefixSet(prefixes);
}

// The plan of a text without errors.
Plan Good(absl::string_view text) {
  ParsedPlan parsed = ParsePlan(text);
  for (const TextError& error : parsed.errors) ADD_FAILURE() << error.ToString("plan.yaml");
  return parsed.plan;
}

constexpr absl::string_view kSplitBrain = R"(name: split-brain
groups:
  london: {cidrs: [172.32.0.0/16, "fd20::/48"]}   # members: every node with an address inside
  paris:  {cidrs: [172.33.0.0/16, "fd21::/48"]}
steps:
  - {at: 10s, for: 20s, name: one-way, block: {from: london, to: paris}}
  - {at: 30s, for: 30s, name: split,   partition: [london, paris]}
)";

TEST(ParsePlanTest, ReadsTheSplitBrainPlan) {
  const Plan plan = Good(kSplitBrain);
  EXPECT_EQ(plan.name, "split-brain");
  EXPECT_EQ(plan.seed, 0u);
  EXPECT_EQ(plan.on_controller_loss, ControllerLoss::kHeal);
  ASSERT_THAT(plan.groups, SizeIs(2));
  const Group& london = plan.groups.at("london");
  EXPECT_EQ(london.name, "london");
  EXPECT_EQ(london.position, (SourcePosition{3, 3}));
  EXPECT_EQ(london.cidrs, Set({"172.32.0.0/16", "fd20::/48"}));

  ASSERT_THAT(plan.steps, SizeIs(2));
  const PlanStep& one_way = plan.steps[0];
  EXPECT_EQ(one_way.name, "one-way");
  EXPECT_EQ(one_way.position, (SourcePosition{6, 5}));
  EXPECT_EQ(one_way.at, seconds(10));
  EXPECT_EQ(one_way.length, seconds(20));
  const auto& ends = std::get<OneWay>(one_way.ends);
  EXPECT_EQ(ends.from, "london");
  EXPECT_EQ(ends.to, "paris");
  EXPECT_EQ(one_way.effect, Effect(Drop()));
  EXPECT_EQ(one_way.filter, PacketFilter());
  EXPECT_THAT(std::get<Between>(plan.steps[1].ends).groups, ElementsAre("london", "paris"));
  EXPECT_EQ(plan.steps[1].effect, Effect(Drop()));
}

TEST(ParsePlanTest, ReadsEveryKey) {
  const Plan plan = Good(R"(
version: 1
name: all.of_it-1
description: |
  Two lines,
  the second é.
seed: 18446744073709551615
on_controller_loss: continue
groups:
  a:
    cidrs:
      - 10.0.0.0/8
    nodes: [lon-1, "par-*", 'x?']
    labels:
      az: "*a"
      region: eu-west-3
  b: {nodes: [lon-2]}
  c: {labels: {az: b}}
steps:
  - for: 250ms
    partition: [a, b, c]
)");
  EXPECT_EQ(plan.name, "all.of_it-1");
  EXPECT_EQ(plan.description, "Two lines,\nthe second é.\n");
  EXPECT_EQ(plan.seed, 18446744073709551615u);
  EXPECT_EQ(plan.on_controller_loss, ControllerLoss::kContinue);
  const Group& a = plan.groups.at("a");
  EXPECT_EQ(a.cidrs, Set({"10.0.0.0/8"}));
  EXPECT_THAT(a.nodes, ElementsAre("lon-1", "par-*", "x?"));
  EXPECT_THAT(a.labels, ElementsAre(Pair("az", "*a"), Pair("region", "eu-west-3")));
  ASSERT_THAT(plan.steps, SizeIs(1));
  EXPECT_EQ(plan.steps[0].name, "step-1");
  EXPECT_EQ(plan.steps[0].at, Duration(0));
  EXPECT_EQ(plan.steps[0].length, milliseconds(250));
}

TEST(ParsePlanTest, ReadsHowLongToWaitForStages) {
  const std::string rest = "groups: {a: {nodes: [x]}, b: {nodes: [y]}}\nsteps: [{for: 1s, partition: [a, b]}]\n";
  EXPECT_EQ(Good("name: p\nwait_verified: 1m\n" + rest).wait_verified, std::chrono::minutes(1));
  EXPECT_EQ(Good("name: p\n" + rest).wait_verified, std::nullopt);
}

TEST(ParsePlanTest, StartsAStepAtTheEndOfAnEarlierOne) {
  const Plan plan = Good(R"(
name: chain
groups: {a: {nodes: [x]}, b: {nodes: [y]}}
steps:
  - {name: first, for: 10s, block: {from: a, to: b}}
  - {after: first, for: 1m, block: {from: b, to: a}}
  - {after: step-2, for: 1s, partition: [a, b]}
  - {after: first, for: 2s, partition: [b, a]}
)");
  ASSERT_THAT(plan.steps, SizeIs(4));
  EXPECT_EQ(plan.steps[1].at, seconds(10));
  EXPECT_EQ(plan.steps[2].at, seconds(10) + minutes(1));
  EXPECT_EQ(plan.steps[3].at, seconds(10));
}

TEST(ParsePlanTest, FollowsAliases) {
  const Plan plan = Good(R"(
name: alias
groups: {a: {cidrs: &net [10.0.0.0/8]}, b: {nodes: [y]}}
steps:
  - {for: &long 10s, block: &cut {from: a, to: b}}
  - {at: 20s, for: *long, block: *cut}
)");
  ASSERT_THAT(plan.steps, SizeIs(2));
  EXPECT_EQ(plan.steps[1].length, seconds(10));
  EXPECT_EQ(std::get<OneWay>(plan.steps[1].ends).to, "b");
}

TEST(ParsePlanTest, ReadsWindowsLineEndsAndAByteOrderMark) {
  std::string text("\xef\xbb\xbf");
  for (const char c : kSplitBrain) absl::StrAppend(&text, c == '\n' ? "\r\n" : std::string(1, c));
  EXPECT_EQ(Good(text).steps.size(), 2u);
}

TEST(ParsePlanTest, ReadsAHundredThousandCidrs) {
  std::string text = "name: big\nsteps: [{for: 1s, partition: [a, b]}]\ngroups:\n  b: {nodes: [x]}\n  a: {cidrs: [";
  for (int i = 0; i < 60'000; ++i) absl::StrAppend(&text, i / 240 % 240, ".", i % 240, ".", i / 57'600, ".1,");
  absl::StrAppend(&text, "]}\n");
  EXPECT_EQ(Good(text).groups.at("a").cidrs.prefixes().size(), 60'000u);
}

// Errors as "line:column: message".
TEST(ParsePlanTest, ListsAllErrorsByPosition) {
  EXPECT_THAT(
      PlanErrors(R"(nmae: x
seed: -1
steps:
  - {at: 10, for: 20s, block: {from: london, to: pariss}}
  - {at: 5s, partition: [london], impair_: 1}
groups:
  london: {cidrs: [172.32.1.0/16]}
  paris: {cidr: []}
  london: {nodes: [a]}
)"),
      ElementsAre("1:1: unknown key 'nmae' in a plan; did you mean 'name'?",
                  "2:7: 'seed' must be a whole number from 0 to 18446744073709551615, not '-1'",
                  "4:10: 'at': '10' is not a duration: it has no unit; write for example 250ms, 30s, 1h30m or PT5M",
                  "4:50: unknown group 'pariss'; did you mean 'paris'?",
                  "5:5: a step has no 'for'; say how long it lasts, for example 'for: 30s'",
                  "5:25: 'partition' needs at least two groups",
                  "5:35: unknown key 'impair_' in a step; did you mean 'impair'?",
                  "7:20: CIDR '172.32.1.0/16' has host bits set; did you mean 172.32.0.0/16 or 172.32.1.0/32?",
                  "8:11: unknown key 'cidr' in group 'paris'; did you mean 'cidrs'?",
                  "9:3: duplicate key 'london'; it is already at 7:3"));
}

TEST(ParsePlanTest, AFaultyGroupOrStepIsNoSecondErrorWhereItIsUsed) {
  EXPECT_THAT(PlanErrors(R"(name: x
groups: {a: {cidrs: []}, b: {nodes: [y]}}
steps:
  - {name: s, for: 1, block: {from: a, to: b}}
  - {after: s, for: 1s, block: {from: a, to: b}}
)"),
              ElementsAre("2:21: 'cidrs' is an empty list",
                          "4:20: 'for': '1' is not a duration: it has no unit; write for example 250ms, 30s, 1h30m or "
                          "PT5M"));
}

TEST(ParsePlanTest, KeepsAThousandErrorsAndCountsTheRest) {
  std::string text = "name: x\ngroups: {a: {nodes: [x]}}\nsteps:\n  - for: 1s\n    partition:\n";
  for (int i = 0; i < 2000; ++i) absl::StrAppend(&text, "    - g", i, "\n");
  const std::vector<std::string> errors = PlanErrors(text);
  ASSERT_THAT(errors, SizeIs(1001));
  EXPECT_EQ(errors.back(), "1005:7: and 1000 more errors");
}

}  // namespace
}  // namespace faultline
