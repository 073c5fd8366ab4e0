#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "controller/compile/compiler.h"
#include "controller/plan/plan_yaml.h"
#include "tests/unit/compile/fleet_builder.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing_support::LondonAndParis;
using testing_support::Node;
using testing_support::Options;
using testing_support::TakeFrom;

Compiled CompileText(absl::string_view text, const Inventory& inventory) {
  const ParsedPlan parsed = ParsePlan(text);
  for (const TextError& error : parsed.errors) ADD_FAILURE() << error.ToString("plan");
  Compiled compiled = CompilePlan(parsed.plan, inventory, Options());
  EXPECT_EQ(compiled.timelines.empty(), !compiled.errors.empty());
  return compiled;
}

std::vector<std::string> ErrorsOf(absl::string_view text, const Inventory& inventory) {
  std::vector<std::string> texts;
  for (const TextError& error : CompileText(text, inventory).errors) texts.push_back(error.ToString("p"));
  return texts;
}

std::string PlanOf(absl::string_view groups, absl::string_view fault) {
  return absl::StrCat("name: p\ngroups: {", groups, "}\nsteps: [{for: 1s, name: cut, ", fault, "}]\n");
}

TEST(CompileErrorsTest, AGroupThatMatchesNoNode) {
  EXPECT_THAT(
      ErrorsOf(PlanOf("a: {nodes: [lonn-1, x]}, b: {nodes: [par-1]}", "block: {from: a, to: b}"), LondonAndParis()),
      ElementsAre("p:2:10: group 'a' matches no connected node: it asks for node 'lonn-1', node 'x'; did you "
                  "mean 'lon-1'?"));
  EXPECT_THAT(
      ErrorsOf(PlanOf("a: {labels: {region: us-east-1, az: '*'}}, b: {nodes: [par-1]}", "partition: [a, b]"),
               LondonAndParis()),
      ElementsAre("p:2:10: group 'a' matches no connected node: it asks for label az=*, label region=us-east-1"));
}

TEST(CompileErrorsTest, AnUnusedGroupThatMatchesNoNode) {
  EXPECT_THAT(ErrorsOf(PlanOf("a: {nodes: [lon-1]}, b: {nodes: [par-1]}, c: {nodes: ['z*']}", "partition: [a, b]"),
                       LondonAndParis()),
              ElementsAre("p:2:52: group 'c' matches no connected node: it asks for node 'z*'"));
}

TEST(CompileErrorsTest, NoNodeAtAll) {
  EXPECT_THAT(
      ErrorsOf(PlanOf("a: {nodes: [x]}, b: {cidrs: [10.0.0.0/8]}", "partition: [a, b]"), {}),
      ElementsAre("p:2:10: group 'a' matches no connected node: it asks for node 'x'; no node is connected at all"));
}

TEST(CompileErrorsTest, NodesWithoutAnAddress) {
  EXPECT_THAT(
      ErrorsOf(PlanOf("a: {nodes: [bare]}, b: {cidrs: [10.0.0.0/8]}", "partition: [a, b]"), {{Node("bare", {})}}),
      ElementsAre("p:2:10: group 'a' has nodes, but none has an address of its own"));
}

TEST(CompileErrorsTest, GroupsThatShareANode) {
  EXPECT_THAT(
      ErrorsOf(PlanOf("a: {cidrs: [172.32.0.0/16]}, b: {labels: {az: '*a'}}", "partition: [b, a]"), LondonAndParis()),
      ElementsAre("p:3:9: step 'cut': groups 'a' and 'b' overlap: both have node 'lon-1' (172.32.4.2)"));
}

TEST(CompileErrorsTest, GroupsThatShareAPrefix) {
  EXPECT_THAT(ErrorsOf(PlanOf("a: {cidrs: [172.32.0.0/16]}, b: {cidrs: [172.33.0.0/16, 172.32.64.0/20]}",
                              "block: {from: b, to: a}"),
                       LondonAndParis()),
              ElementsAre("p:3:9: step 'cut': groups 'b' and 'a' overlap: both have 172.32.64.0/20"));
}

TEST(CompileErrorsTest, EveryOverlapOfAPartition) {
  EXPECT_THAT(ErrorsOf(PlanOf("a: {cidrs: [10.0.0.0/8]}, b: {cidrs: [10.1.0.0/16]}, c: {nodes: [lon-1]}, "
                              "d: {cidrs: [10.1.2.0/24]}",
                              "partition: [a, b, c, d]"),
                       LondonAndParis()),
              ElementsAre("p:3:9: step 'cut': groups 'a' and 'b' overlap: both have 10.1.0.0/16",
                          "p:3:9: step 'cut': groups 'a' and 'd' overlap: both have 10.1.2.0/24",
                          "p:3:9: step 'cut': groups 'b' and 'd' overlap: both have 10.1.2.0/24"));
}

TEST(CompileErrorsTest, NoAgentOnEitherSide) {
  EXPECT_THAT(ErrorsOf(PlanOf("a: {cidrs: [10.0.0.0/8]}, b: {cidrs: [11.0.0.0/8]}", "block: {from: a, to: b}"),
                       LondonAndParis()),
              ElementsAre("p:3:9: step 'cut': 'a' to 'b': neither group has a connected node to enforce it"));
}

TEST(CompileErrorsTest, AKernelThatCannotSwallow) {
  Inventory inventory = LondonAndParis();
  TakeFrom(inventory.nodes[1], Capability::kEgressHook);
  EXPECT_THAT(
      ErrorsOf(PlanOf("a: {nodes: ['lon-*']}, b: {cidrs: [11.0.0.0/8]}", "partition: [a, b]"), inventory),
      ElementsAre("p:3:9: step 'cut': 'a' to 'b': 'b' has no connected node, and node lon-2 has no nftables netdev "
                  "egress hook: use Linux 5.16 or later, or run agents on the receivers"));
}

TEST(CompileErrorsTest, ClsactStandsInForTheHookAndSaysItsPrice) {
  Inventory inventory = LondonAndParis();
  inventory.nodes[1].has.Set(Capability::kEgressHook, false);
  const auto compile = [&inventory](const char* step) {
    return CompileText(PlanOf("a: {nodes: ['lon-*']}, b: {cidrs: [11.0.0.0/8]}", step), inventory);
  };
  const Compiled cut = compile("partition: [a, b]");
  EXPECT_THAT(cut.errors, IsEmpty());
  EXPECT_THAT(cut.warnings,
              ElementsAre("node lon-2 acts on what is sent by clsact, the kernel having no egress hook: arming and "
                          "ending the run stop the interfaces for a moment, and a few other packets may be lost"));
  EXPECT_THAT(compile("block: {from: b, to: a}").warnings, IsEmpty());
  EXPECT_THAT(compile("block: {from: a, to: b, action: reject}").warnings, IsEmpty());
}

TEST(CompileErrorsTest, AKernelThatCannotSwallowMattersLessWhenReceiversDrop) {
  Inventory inventory = LondonAndParis();
  TakeFrom(inventory.nodes[0], Capability::kBlackholeLane);
  const Compiled compiled =
      CompileText(PlanOf("a: {nodes: ['lon-*']}, b: {cidrs: [172.33.0.0/16]}", "block: {from: a, to: b}"), inventory);
  EXPECT_THAT(compiled.errors, IsEmpty());
  EXPECT_THAT(
      compiled.warnings,
      ElementsAre("step 'cut': 'a' to 'b': packets to hosts of 'b' without an agent pass: node lon-1 has no ifb "
                  "device with a blackhole qdisc: install your distribution's package with the kernel module "
                  "ifb"));
  EXPECT_THAT(compiled.timelines[0].steps[0].rules, IsEmpty());
  EXPECT_THAT(compiled.timelines[1].steps[0].rules, SizeIs(1));
}

TEST(CompileErrorsTest, AKernelThatCannotSwallowNeedNotWhenAgentsHoldEveryAddress) {
  Inventory inventory = LondonAndParis();
  TakeFrom(inventory.nodes[0], Capability::kBlackholeLane);
  const Compiled compiled =
      CompileText(PlanOf("a: {nodes: ['lon-*']}, b: {nodes: ['par-*']}", "partition: [a, b]"), inventory);
  EXPECT_THAT(compiled.errors, IsEmpty());
  EXPECT_THAT(compiled.warnings, IsEmpty());
}

TEST(CompileErrorsTest, WarnsOfNamesThatAreNotConnected) {
  const Compiled compiled = CompileText(
      PlanOf("a: {nodes: [lon-1, lon-7, lon-8]}, b: {nodes: [par-1]}", "partition: [a, b]"), LondonAndParis());
  EXPECT_THAT(compiled.errors, IsEmpty());
  EXPECT_THAT(compiled.warnings, ElementsAre("group 'a': not connected: lon-7, lon-8"));
}

TEST(CompileErrorsTest, WarnsOnceOfGroupsWithoutACommonFamily) {
  const Inventory inventory = {{Node("four", {"10.0.0.1"}), Node("six", {"fd00::1"})}};
  const Compiled compiled = CompileText(
      "name: p\ngroups: {a: {nodes: [four]}, b: {nodes: [six]}}\n"
      "steps: [{for: 1s, name: one, block: {from: a, to: b}}, {at: 5s, for: 1s, block: {from: a, to: b}}]\n",
      inventory);
  EXPECT_THAT(compiled.errors, IsEmpty());
  EXPECT_THAT(compiled.warnings,
              ElementsAre("step 'one': 'a' to 'b': one has only IPv4 and the other only IPv6; nothing to act on"));
}

TEST(CompileErrorsTest, EveryErrorOfEveryStep) {
  EXPECT_THAT(ErrorsOf(R"(name: p
groups:
  lon: {nodes: ["lon-*"]}
  one: {nodes: [lon-1]}
  gone: {nodes: [rom-1]}
  far: {cidrs: [10.0.0.0/8]}
  farther: {cidrs: [11.0.0.0/8]}
steps:
  - {for: 1s, name: a, partition: [lon, one]}
  - {at: 1s, for: 1s, name: b, block: {from: far, to: farther}}
  - {at: 2s, for: 1s, name: c, block: {from: gone, to: far}}
)",
                       LondonAndParis()),
              ElementsAre("p:5:3: group 'gone' matches no connected node: it asks for node 'rom-1'",
                          "p:9:5: step 'a': groups 'lon' and 'one' overlap: both have node 'lon-1' (172.32.4.2)",
                          "p:10:5: step 'b': 'far' to 'farther': neither group has a connected node to enforce it"));
}

// Plans that were not read from a text may hold anything.
TEST(CompileErrorsTest, AnUnknownGroup) {
  Plan plan;
  plan.name = "p";
  plan.steps.push_back({.name = "cut", .length = std::chrono::seconds(1), .ends = OneWay{"a", "b"}});
  EXPECT_THAT(CompilePlan(plan, LondonAndParis(), Options()).errors,
              ElementsAre(TextError{{}, "step 'cut': unknown group 'a'"}));
}

TEST(CompileErrorsTest, OptionsNoAgentWouldAccept) {
  const ParsedPlan parsed = ParsePlan(PlanOf("a: {nodes: [lon-1]}, b: {nodes: [par-1]}", "partition: [a, b]"));
  CompileOptions options = Options();
  options.lease = Duration(1);
  const Compiled compiled = CompilePlan(parsed.plan, LondonAndParis(), options);
  EXPECT_THAT(compiled.timelines, IsEmpty());
  EXPECT_THAT(compiled.errors, ElementsAre(TextError{{}, "node 'lon-1': the lease 1ns is not within 1s to 10m"}));
}

TEST(CompileErrorsTest, MoreEdgesThanAnyoneNeeds) {
  Plan plan;
  Between all;
  for (int i = 0; i < 1000; ++i) {
    Group group;
    group.name = absl::StrCat("g", i);
    group.nodes = {"lon-1"};
    all.groups.push_back(group.name);
    plan.groups.emplace(group.name, group);
  }
  for (int i = 0; i < 2; ++i) {
    plan.steps.push_back(
        {.name = absl::StrCat("s", i), .position = {i + 1, 1}, .length = std::chrono::seconds(1), .ends = all});
  }
  const Compiled compiled = CompilePlan(plan, LondonAndParis(), Options());
  ASSERT_THAT(compiled.errors, SizeIs(1001));
  EXPECT_EQ(compiled.errors.back().message, "and 1 more errors");
}

}  // namespace
}  // namespace faultline
