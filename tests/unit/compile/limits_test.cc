#include "controller/compile/limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/compile/compiler.h"
#include "tests/unit/compile/plan_builder.h"

namespace faultline {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using testing_support::FleetOf;
using testing_support::Ip;
using testing_support::Options;
using testing_support::PlanBuilder;

// Four nodes, of which the plan acts on the first three.
Inventory Labelled(const std::vector<std::string>& envs) {
  Inventory inventory = FleetOf(4);
  for (std::size_t i = 0; i < envs.size(); ++i) {
    if (!envs[i].empty()) inventory.nodes[i].labels["env"] = envs[i];
  }
  return inventory;
}

PlanBuilder OneAndTwo() {
  PlanBuilder builder;
  builder.Nodes("one", {"n01"}).Nodes("two", {"n02", "n03"}).Step("cut", Between{{"one", "two"}});
  return builder;
}

TEST(LimitsTest, TheEnvOfEveryNodeThatIsActedOnMustBeThePlans) {
  PlanBuilder builder = OneAndTwo();
  builder.plan().env = "staging";
  EXPECT_THAT(builder.ErrorsIn(Labelled({"staging", "staging", "staging", "production"})), IsEmpty());
  EXPECT_THAT(
      builder.ErrorsIn(Labelled({"staging", "production", "", "staging"})),
      ElementsAre("p: the plan is for env staging, but it acts on n02 (env=production), n03 (no env); change its "
                  "groups, its 'env' or the label on these nodes"));
}

TEST(LimitsTest, WarnsOfProductionInAPlanWithoutEnv) {
  PlanBuilder builder = OneAndTwo();
  const Compiled compiled = builder.Compile(Labelled({"production", "staging", "production", "production"}));
  EXPECT_THAT(compiled.errors, IsEmpty());
  EXPECT_THAT(compiled.warnings,
              ElementsAre("the plan acts on nodes of production: n01, n03; write 'env: production' in "
                          "it if that is meant"));
  EXPECT_THAT(builder.Compile(Labelled({"", "staging", "", "production"})).warnings, IsEmpty());
  builder.plan().env = "production";
  EXPECT_THAT(builder.Compile(Labelled({"production", "production", "production"})).warnings, IsEmpty());
}

TEST(LimitsTest, MaxNodesCountsBothSides) {
  PlanBuilder builder = OneAndTwo();
  builder.plan().max_nodes = 3;
  EXPECT_THAT(builder.ErrorsIn(FleetOf(4)), IsEmpty());
  builder.plan().max_nodes = 2;
  EXPECT_THAT(builder.ErrorsIn(FleetOf(4)),
              ElementsAre("p: the plan acts on 3 of 4 nodes (n01, n02, n03), but 'max_nodes' is 2"));
}

TEST(LimitsTest, OneIsolatedNodeIsOneNode) {
  PlanBuilder builder;
  builder.Nodes("one", {"n01"}).Step("cut", Isolate{"one", std::nullopt});
  builder.plan().max_nodes = 1;
  EXPECT_THAT(builder.ErrorsIn(FleetOf(100)), IsEmpty());
}

TEST(LimitsTest, ThoseWhosePacketsAreDroppedByOthersCountToo) {
  PlanBuilder builder;
  builder.Nodes("db", {"n01"}).Made("rest", {"all"}, {"db"}).Step("cut", OneWay{"rest", "db"});
  builder.plan().max_nodes = 3;
  EXPECT_THAT(builder.ErrorsIn(FleetOf(4)),
              ElementsAre("p: the plan acts on 4 of 4 nodes (n01, n02, n03, n04), but 'max_nodes' is 3"));
  builder.plan().max_nodes.reset();
  builder.plan().env = "staging";
  EXPECT_THAT(builder.ErrorsIn(Labelled({"staging", "staging", "production", "staging"})), SizeIs(1));
}

TEST(LimitsTest, NodesThatActForTheWorldCountToo) {
  // Without a hook for what they send, everybody else has to act at what arrives.
  Inventory inventory = FleetOf(4);
  testing_support::TakeFrom(inventory.nodes[0], Capability::kEgressHook);
  PlanBuilder builder;
  builder.Nodes("one", {"n01"}).Step("cut", Isolate{"one", std::nullopt});
  builder.plan().max_nodes = 1;
  EXPECT_THAT(builder.ErrorsIn(inventory), SizeIs(1));
}

TEST(LimitsTest, EndsOfWhichNothingIsEnforcedDoNotCount) {
  Inventory inventory = FleetOf(3);
  inventory.nodes[2].addresses = {Ip("fd00::9")};
  PlanBuilder builder;
  builder.Cidrs("four", {"10.0.0.0/24"}).Nodes("six", {"n03"}).Nodes("one", {"n01"}).Nodes("two", {"n02"});
  builder.Step("nothing", OneWay{"four", "six"}).Step("cut", OneWay{"one", "two"});
  builder.plan().max_nodes = 2;
  EXPECT_THAT(builder.ErrorsIn(inventory), IsEmpty());
}

TEST(LimitsTest, MaxShareIsExact) {
  PlanBuilder builder = OneAndTwo();
  builder.plan().max_share = Ratio::Percent(30);
  EXPECT_THAT(builder.ErrorsIn(FleetOf(10)), IsEmpty());
  EXPECT_THAT(builder.ErrorsIn(FleetOf(9)),
              ElementsAre("p: the plan acts on 3 of 9 nodes (n01, n02, n03), but 'max_share' is 30%"));
}

TEST(LengthTest, IsTheLastStepAndTheCooldown) {
  PlanBuilder builder = OneAndTwo();
  EXPECT_EQ(builder.Compile(FleetOf(3)).timelines[0].length, seconds(13));
  builder.plan().cooldown = seconds(60);
  EXPECT_EQ(builder.Compile(FleetOf(3)).timelines[0].length, seconds(70));
  builder.plan().length = seconds(30);
  EXPECT_EQ(builder.Compile(FleetOf(3)).timelines[0].length, seconds(30));
  builder.plan().length = seconds(9);
  EXPECT_THAT(builder.ErrorsIn(FleetOf(3)), ElementsAre("p: 'length' is 9s, but the last step ends after 10s"));
}

TEST(LengthTest, LanesDrainAlsoBeyondThePlansLength) {
  PlanBuilder builder = OneAndTwo();
  builder.plan().steps[0].effect = Impairment{.delay = seconds(8)};
  builder.plan().length = seconds(11);
  EXPECT_EQ(builder.Compile(FleetOf(3)).timelines[0].length, seconds(18));
}

TEST(AdviceTest, SaysThatTheControllerIsInside) {
  PlanBuilder builder = OneAndTwo();
  builder.Cidrs("far", {"192.0.2.0/24"}).Step("away", OneWay{"two", "far"}).Step("back", OneWay{"far", "one"});
  CompileOptions options = Options();
  options.controller_addresses = {Ip("192.0.2.9"), Ip("192.0.3.9")};
  const auto warnings = [&] { return CompilePlan(builder.plan(), FleetOf(3), options).warnings; };
  EXPECT_THAT(warnings(), ElementsAre("the controller's address 192.0.2.9 is inside the fault of steps 'away', 'back'; "
                                      "agents keep talking to it because that connection is protected"));
  builder.plan().steps[1].exclude = testing_support::Set({"192.0.2.9"});
  builder.plan().steps[2].filter.protocol = Protocol::kUdp;
  EXPECT_THAT(warnings(), IsEmpty());
}

TEST(AdviceTest, WarnsOfANodeOnTheControllersHostThatMayCutTheOthersOff) {
  PlanBuilder builder = OneAndTwo();
  CompileOptions options = Options();
  const Inventory fleet = FleetOf(3);
  options.controller_addresses = {fleet.nodes[1].addresses.front()};
  const Compiled compiled = CompilePlan(builder.plan(), fleet, options);
  ASSERT_EQ(compiled.warnings.size(), 1u);
  EXPECT_THAT(compiled.warnings.front(),
              HasSubstr("unless the agent on that host, a node of the fault, dials anything"));
  EXPECT_THAT(compiled.warnings.front(), HasSubstr("their lease ends the run"));
}

TEST(AdviceTest, NotesWhoActsForAGroupWithoutAnAgent) {
  PlanBuilder builder;
  builder.Nodes("one", {"n01"}).Cidrs("dynamo", {"192.0.2.0/24"}).Cidrs("net", {"10.0.0.0/8"});
  builder.Step("cut", Between{{"one", "dynamo"}}).Step("more", OneWay{"dynamo", "net"});
  const Compiled compiled = builder.Compile(FleetOf(3));
  EXPECT_THAT(compiled.warnings, IsEmpty());
  EXPECT_THAT(compiled.notes, ElementsAre("group 'dynamo' has no agent: the nodes of 'net', 'one' act for it",
                                          "between 'dynamo' and 'net', packets pass if neither host has an agent"));
}

TEST(AdviceTest, WarnsOfAFaultThatIsOneWayByAccident) {
  Inventory inventory = FleetOf(3);
  testing_support::TakeFrom(inventory.nodes[0], Capability::kEgressHook);
  PlanBuilder builder;
  builder.Nodes("one", {"n01"}).Add("net", Group{.cidrs = testing_support::Set({"192.0.2.0/24"}), .nodes = {"n02"}});
  builder.Step("cut", Between{{"one", "net"}});
  const std::string pass =
      "step 'cut': 'one' to 'net': packets to hosts of 'net' without an agent pass: node n01 has no nftables netdev "
      "egress hook: use Linux 5.16 or later, or run agents on the receivers";
  EXPECT_THAT(builder.Compile(inventory).warnings,
              ElementsAre(pass + "; packets from them do not, so that with hosts of 'net' without an agent it is a "
                                 "fault one way"));
  builder.plan().steps[0].ends = OneWay{"one", "net"};
  EXPECT_THAT(builder.Compile(inventory).warnings, ElementsAre(pass));
}

TEST(MembersOfTest, KnowsGroupsAndPairs) {
  PlanBuilder builder = OneAndTwo();
  builder.plan().expectations.push_back({.step = "cut", .from = "one", .to = "all"});
  const Compiled compiled = builder.Compile(FleetOf(3));
  ASSERT_NE(MembersOf(compiled, "two"), nullptr);
  EXPECT_THAT(MembersOf(compiled, "two")->nodes, ElementsAre("n02", "n03"));
  EXPECT_EQ(MembersOf(compiled, "three"), nullptr);
  EXPECT_THAT(NodePairs(compiled, "one", "all"),
              ElementsAre(Pair(NodeName("n01"), NodeName("n02")), Pair(NodeName("n01"), NodeName("n03"))));
  EXPECT_THAT(NodePairs(compiled, "one", "three"), IsEmpty());
}

}  // namespace
}  // namespace faultline
