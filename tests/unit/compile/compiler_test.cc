#include "controller/compile/compiler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/hold.h"
#include "controller/compile/describe.h"
#include "controller/plan/plan_yaml.h"
#include "tests/unit/compile/fleet_builder.h"

namespace faultline {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing_support::LondonAndParis;
using testing_support::Node;
using testing_support::Options;
using testing_support::Set;

// Compiles a plan that is good and can be carried out; every timeline is one that agents accept.
Compiled CompileGood(absl::string_view text, const Inventory& inventory) {
  const ParsedPlan parsed = ParsePlan(text);
  for (const TextError& error : parsed.errors) ADD_FAILURE() << error.ToString("plan");
  Compiled compiled = CompilePlan(parsed.plan, inventory, Options());
  for (const TextError& error : compiled.errors) ADD_FAILURE() << error.ToString("plan");
  EXPECT_EQ(compiled.timelines.size(), inventory.nodes.size());
  for (const Timeline& timeline : compiled.timelines) EXPECT_TRUE(CheckTimeline(timeline).ok());
  return compiled;
}

// Every rule of a node's step, as text.
std::vector<std::string> Rules(const Compiled& compiled, absl::string_view node, std::size_t step) {
  std::vector<std::string> texts;
  for (const Timeline& timeline : compiled.timelines) {
    if (timeline.node.text() != std::string(node)) continue;
    const Step& found = timeline.steps.at(step);
    for (const Rule& rule : found.rules) texts.push_back(DescribeRule(rule, found, timeline));
  }
  return texts;
}

constexpr absl::string_view kSplitBrain = R"(
name: split-brain
seed: 9
groups:
  london: {cidrs: [172.32.0.0/16, "fd20::/48"]}
  paris:  {cidrs: [172.33.0.0/16, "fd21::/48"]}
steps:
  - {at: 10s, for: 20s, name: one-way, block: {from: london, to: paris}}
  - {at: 30s, for: 30s, name: split,   partition: [london, paris]}
)";

constexpr char kIntoParis[] = "drop in from 172.32.0.0/16, fd20::/48 to 172.33.0.0/16, fd21::/48";
constexpr char kIntoLondon[] = "drop in from 172.33.0.0/16, fd21::/48 to 172.32.0.0/16, fd20::/48";
constexpr char kOutOfLondon[] =
    "drop out from 172.32.0.0/16, fd20::/48 to 172.33.0.0/16, fd21::/48 except 172.33.7.44/32, 172.33.8.38/32, "
    "fd21::1/128, fd21::2/128";
constexpr char kOutOfParis[] =
    "drop out from 172.33.0.0/16, fd21::/48 to 172.32.0.0/16, fd20::/48 except 172.32.4.2/32, 172.32.5.239/32, "
    "fd20::1/128, fd20::2/128";

TEST(CompilePlanTest, SplitsLondonFromParis) {
  const Compiled compiled = CompileGood(kSplitBrain, LondonAndParis());
  EXPECT_THAT(compiled.warnings, IsEmpty());
  EXPECT_THAT(Rules(compiled, "par-1", 0), ElementsAre(kIntoParis));
  EXPECT_THAT(Rules(compiled, "lon-2", 0), ElementsAre(kOutOfLondon));
  EXPECT_THAT(Rules(compiled, "par-2", 1), ElementsAre(kIntoParis, kOutOfParis));
  EXPECT_THAT(Rules(compiled, "lon-1", 1), ElementsAre(kOutOfLondon, kIntoLondon));
}

TEST(CompilePlanTest, FillsTheWholeTimeline) {
  const Compiled compiled = CompileGood(kSplitBrain, LondonAndParis());
  const Timeline& timeline = compiled.timelines.front();
  EXPECT_EQ(timeline.run, RunId("run-1"));
  EXPECT_EQ(timeline.node, NodeName("lon-1"));
  EXPECT_EQ(timeline.seed, 9u);
  EXPECT_EQ(timeline.lease, kDefaultLease);
  EXPECT_EQ(timeline.length, seconds(63));
  ASSERT_THAT(timeline.steps, SizeIs(2));
  EXPECT_EQ(timeline.steps[1].index, 1u);
  EXPECT_EQ(timeline.steps[1].name, "split");
  EXPECT_EQ(timeline.steps[1].at, seconds(30));
  EXPECT_EQ(timeline.steps[1].length, seconds(30));
}

TEST(CompilePlanTest, CarriesOnControllerLoss) {
  const Compiled compiled = CompileGood(absl::StrCat(kSplitBrain, "on_controller_loss: continue\n"), LondonAndParis());
  EXPECT_EQ(compiled.timelines.front().on_controller_loss, ControllerLoss::kContinue);
}

TEST(CompilePlanTest, HoldsEveryNodeAtTheSameMomentsIfItIsToWait) {
  const Compiled compiled = CompileGood(absl::StrCat(kSplitBrain, "wait_verified: 1m\n"), LondonAndParis());
  for (const Timeline& timeline : compiled.timelines) EXPECT_EQ(timeline.holds, HoldsOf(timeline.steps));
  EXPECT_THAT(compiled.timelines.front().holds, SizeIs(2));
  EXPECT_THAT(CompileGood(kSplitBrain, LondonAndParis()).timelines.front().holds, IsEmpty());
}

TEST(CompilePlanTest, StoresEverySetOnce) {
  const Compiled compiled = CompileGood(kSplitBrain, LondonAndParis());
  // Both groups' CIDRs, and the agents' addresses on the other side.
  for (const Timeline& timeline : compiled.timelines) EXPECT_THAT(timeline.prefix_sets, SizeIs(3));
}

TEST(CompilePlanTest, NodesWithoutAPartStillHaveTheSteps) {
  Inventory inventory = LondonAndParis();
  inventory.nodes.push_back(Node("ops", {"10.0.0.1"}));
  const Compiled compiled = CompileGood(kSplitBrain, inventory);
  const Timeline& ops = compiled.timelines[2];
  EXPECT_EQ(ops.node, NodeName("ops"));
  EXPECT_THAT(ops.steps, SizeIs(2));
  EXPECT_THAT(Rules(compiled, "ops", 0), IsEmpty());
  EXPECT_THAT(ops.prefix_sets, IsEmpty());
}

TEST(CompilePlanTest, SortsStepsByStartThenByPosition) {
  const Compiled compiled = CompileGood(R"(
name: p
groups: {a: {nodes: ["lon-*"]}, b: {nodes: ["par-*"]}}
steps:
  - {at: 9s, for: 1s, name: late, partition: [a, b]}
  - {at: 1s, for: 1s, name: early, block: {from: a, to: b}}
  - {at: 1s, for: 2s, name: also, partition: [a, b]}
)",
                                        LondonAndParis());
  const std::vector<Step>& steps = compiled.timelines.front().steps;
  EXPECT_EQ(steps[0].name, "early");
  EXPECT_EQ(steps[1].name, "also");
  EXPECT_EQ(steps[2].name, "late");
  EXPECT_EQ(steps[2].index, 0u);
  EXPECT_THAT(Rules(compiled, "par-1", 0), SizeIs(1));
}

constexpr absl::string_view kByNameAndLabel = R"(
name: p
groups:
  a: {nodes: ["lon-?"]}
  b: {labels: {region: "eu-*-3", az: "*b"}}
steps: [{for: 1s, block: {from: a, to: b}}]
)";

TEST(CompilePlanTest, ChoosesByGlobAndByAllLabels) {
  const Compiled compiled = CompileGood(kByNameAndLabel, LondonAndParis());
  EXPECT_THAT(Rules(compiled, "par-2", 0),
              ElementsAre("drop in from 172.32.4.2/32, 172.32.5.239/32, fd20::1/128, fd20::2/128 to 172.33.7.44/32, "
                          "fd21::2/128"));
  EXPECT_THAT(Rules(compiled, "par-1", 0), IsEmpty());
  // Every address of b has an agent that drops by itself.
  EXPECT_THAT(Rules(compiled, "lon-1", 0), IsEmpty());
}

TEST(CompilePlanTest, AGroupMayBeCidrsAndNames) {
  const Compiled compiled = CompileGood(R"(
name: p
groups:
  a: {cidrs: [192.0.2.0/24], nodes: [lon-1]}
  b: {cidrs: [172.33.0.0/16, 198.51.100.0/24], nodes: [lon-2]}
steps: [{for: 1s, block: {from: a, to: b}}]
)",
                                        LondonAndParis());
  const std::string from = "from 172.32.4.2/32, 192.0.2.0/24, fd20::1/128 ";
  const std::string to_cidrs = "to 172.33.0.0/16, 198.51.100.0/24";
  EXPECT_THAT(Rules(compiled, "par-1", 0), ElementsAre(absl::StrCat("drop in ", from, to_cidrs)));
  EXPECT_THAT(Rules(compiled, "lon-2", 0),
              ElementsAre(absl::StrCat("drop in ", from, to_cidrs),
                          absl::StrCat("drop in ", from, "to 172.32.5.239/32, fd20::2/128")));
  const std::string except = " except 172.33.7.44/32, 172.33.8.38/32";
  EXPECT_THAT(Rules(compiled, "lon-1", 0),
              ElementsAre(absl::StrCat("drop out from 192.0.2.0/24 ", to_cidrs, except),
                          absl::StrCat("drop out from 172.32.4.2/32, fd20::1/128 ", to_cidrs, except)));
}

TEST(CompilePlanTest, ARemoteGroupIsEnforcedByTheOtherSide) {
  const Compiled compiled = CompileGood(R"(
name: p
groups: {paris: {nodes: ["par-*"]}, dynamo: {cidrs: [3.0.0.0/8]}}
steps: [{for: 1s, partition: [dynamo, paris]}]
)",
                                        LondonAndParis());
  EXPECT_THAT(compiled.warnings, IsEmpty());
  EXPECT_THAT(Rules(compiled, "par-1", 0), ElementsAre("drop in from 3.0.0.0/8 to 172.33.8.38/32, fd21::1/128",
                                                       "drop out from 172.33.8.38/32, fd21::1/128 to 3.0.0.0/8"));
}

TEST(CompilePlanTest, NoEgressWhenAgentsHoldEveryAddress) {
  const Compiled compiled = CompileGood(R"(
name: p
groups: {a: {cidrs: [172.32.4.2/32]}, b: {cidrs: [172.33.8.38/32, "fd21::1/128"]}}
steps: [{for: 1s, block: {from: a, to: b}}]
)",
                                        LondonAndParis());
  EXPECT_THAT(Rules(compiled, "lon-1", 0), IsEmpty());
  EXPECT_THAT(Rules(compiled, "par-1", 0), ElementsAre("drop in from 172.32.4.2/32 to 172.33.8.38/32, fd21::1/128"));
}

TEST(CompilePlanTest, LeavesOutRulesBetweenFamilies) {
  const Inventory inventory = {
      {Node("four", {"10.0.0.1"}), Node("six", {"fd00::1"}), Node("both", {"10.0.0.2", "fd00::2"})}};
  const Compiled compiled = CompileGood(R"(
name: p
groups: {a: {nodes: [four]}, b: {nodes: [six, both]}}
steps: [{for: 1s, block: {from: a, to: b}}]
)",
                                        inventory);
  EXPECT_THAT(Rules(compiled, "six", 0), IsEmpty());
  EXPECT_THAT(Rules(compiled, "both", 0), ElementsAre("drop in from 10.0.0.1/32 to 10.0.0.2/32, fd00::2/128"));
  EXPECT_THAT(compiled.warnings, IsEmpty());
}

TEST(CompilePlanTest, AnAddressOfManyNodesIsNoNodesOwn) {
  const Inventory inventory = {{Node("a", {"10.0.0.1", "172.17.0.1"}), Node("b", {"10.0.0.2", "172.17.0.1"})}};
  const Compiled compiled = CompileGood(R"(
name: p
groups: {a: {nodes: [a]}, b: {nodes: [b]}}
steps: [{for: 1s, block: {from: a, to: b}}]
)",
                                        inventory);
  EXPECT_THAT(Rules(compiled, "b", 0), ElementsAre("drop in from 10.0.0.1/32 to 10.0.0.2/32"));
  EXPECT_THAT(compiled.warnings,
              ElementsAre("addresses that several nodes hold are no node's own: 172.17.0.1 (2 nodes)"));
}

TEST(CompilePlanTest, ComesOutByNameWhateverTheOrderOfTheInventory) {
  Inventory reversed = LondonAndParis();
  std::reverse(reversed.nodes.begin(), reversed.nodes.end());
  EXPECT_EQ(CompileGood(kSplitBrain, reversed).timelines, CompileGood(kSplitBrain, LondonAndParis()).timelines);
}

}  // namespace
}  // namespace faultline
