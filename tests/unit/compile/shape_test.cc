#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/compile/compiler.h"
#include "controller/compile/describe.h"
#include "controller/compile/shapes.h"
#include "tests/unit/compile/plan_builder.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing_support::FleetOf;
using testing_support::LondonAndParis;
using testing_support::PlanBuilder;
using testing_support::TakeFrom;

std::vector<std::string> Rules(const Compiled& compiled, std::size_t node, std::size_t step = 0) {
  std::vector<std::string> texts;
  const Timeline& timeline = compiled.timelines.at(node);
  const Step& found = timeline.steps.at(step);
  for (const Rule& rule : found.rules) texts.push_back(DescribeRule(rule, found, timeline));
  return texts;
}

const ResolvedGroup& Part(const Compiled& compiled, absl::string_view name) {
  const ResolvedGroup* part = MembersOf(compiled, name);
  if (part == nullptr) ADD_FAILURE() << "no part " << name;
  static const ResolvedGroup none;
  return part == nullptr ? none : *part;
}

TEST(ShapeOfTest, ARingHearsEquallyManyOnEitherSide) {
  const ShapedPlaces five = ShapeOf({.kind = Shape::Kind::kMajoritiesRing}, 5);
  EXPECT_THAT(five.cuts, ElementsAre(PlacesCut{{2, 3}, {0}}, PlacesCut{{3, 4}, {1}}, PlacesCut{{0, 4}, {2}},
                                     PlacesCut{{0, 1}, {3}}, PlacesCut{{1, 2}, {4}}));
  const ShapedPlaces three = ShapeOf({.kind = Shape::Kind::kMajoritiesRing}, 3);
  EXPECT_THAT(three.cuts, ElementsAre(PlacesCut{{2}, {0}}, PlacesCut{{0}, {1}}, PlacesCut{{1}, {2}}));
}

TEST(ShapeOfTest, CountsItsEndsBeforehand) {
  for (const Shape::Kind kind :
       {Shape::Kind::kHalves, Shape::Kind::kBridge, Shape::Kind::kMajoritiesRing, Shape::Kind::kIslands}) {
    for (std::size_t hosts = 4; hosts < 40; ++hosts) {
      const Shape shape = {.kind = kind, .of = "g", .islands = 4};
      std::size_t ends = 0;
      for (const PlacesCut& cut : ShapeOf(shape, hosts).cuts) ends += cut.from.size() + cut.to.size();
      EXPECT_LE(ends, EndsOf(shape, hosts));
      EXPECT_GE(ends + 2, EndsOf(shape, hosts));
    }
  }
}

TEST(ShapeTest, SaysWhoWasDrawn) {
  const Compiled compiled = PlanBuilder()
                                .Nodes("g", {"*"})
                                .Step("split", Shape{.kind = Shape::Kind::kHalves, .of = "g"})
                                .Step("span", Shape{.kind = Shape::Kind::kBridge, .of = "g"})
                                .Step("round", Shape{.kind = Shape::Kind::kMajoritiesRing, .of = "g"})
                                .Compile(FleetOf(5));
  EXPECT_THAT(compiled.errors, IsEmpty());
  EXPECT_THAT(compiled.drawn,
              ElementsAre("split: n02, n04 | n01, n03, n05", "span: n03, n04 | n02, n05 | n01 in the middle",
                          "round: n03, n05, n01, n04, n02 in a ring"));
  EXPECT_THAT(Part(compiled, "split.1").nodes, ElementsAre("n02", "n04"));
  EXPECT_THAT(Part(compiled, "split.2").nodes, ElementsAre("n01", "n03", "n05"));
  EXPECT_THAT(Part(compiled, "span.middle").nodes, ElementsAre("n01"));
  EXPECT_THAT(Part(compiled, "round.ring").nodes, ElementsAre("n03", "n05", "n01", "n04", "n02"));
  EXPECT_THAT(Part(compiled, "g").nodes, SizeIs(5));
}

TEST(ShapeTest, EachStepIsDrawnByItself) {
  PlanBuilder builder;
  builder.Nodes("g", {"*"});
  for (const std::string name : {"cut.1", "cut.2", "cut.3"}) {
    builder.Step(name, Shape{.kind = Shape::Kind::kHalves, .of = "g"});
  }
  const Compiled compiled = builder.Compile(FleetOf(20));
  EXPECT_NE(Part(compiled, "cut.1.1").nodes, Part(compiled, "cut.2.1").nodes);
  EXPECT_NE(Part(compiled, "cut.2.1").nodes, Part(compiled, "cut.3.1").nodes);
}

TEST(ShapeTest, ANewNodeMovesOneAtMost) {
  PlanBuilder builder;
  builder.Nodes("g", {"*"}).Step("cut", Shape{.kind = Shape::Kind::kHalves, .of = "g"});
  for (int nodes = 2; nodes < 40; ++nodes) {
    const std::vector<std::string> before = Part(builder.Compile(FleetOf(nodes)), "cut.1").nodes;
    const std::vector<std::string> after = Part(builder.Compile(FleetOf(nodes + 1)), "cut.1").nodes;
    std::vector<std::string> moved;
    std::set_symmetric_difference(before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(moved));
    EXPECT_LE(moved.size(), 2U) << nodes;
  }
}

TEST(ShapeTest, IsTheSameWhateverTheOrderOfTheInventory) {
  PlanBuilder builder;
  builder.Nodes("g", {"*"}).Drawn("few", {.amount = Draw::Amount::kMinority, .of = "g"});
  builder.Step("cut", Shape{.kind = Shape::Kind::kMajoritiesRing, .of = "g"});
  builder.Step("spread", Shape{.kind = Shape::Kind::kIslands, .of = "few", .islands = 3});
  const Compiled compiled = builder.Compile(FleetOf(20));
  Inventory reversed = FleetOf(20);
  std::reverse(reversed.nodes.begin(), reversed.nodes.end());
  EXPECT_EQ(builder.Compile(reversed).timelines, compiled.timelines);
  EXPECT_EQ(builder.Compile(reversed).drawn, compiled.drawn);
  ++builder.plan().seed;
  EXPECT_NE(builder.Compile(FleetOf(20)).drawn, compiled.drawn);
}

TEST(ShapeTest, OfCidrsTakesTheAddressesInside) {
  Inventory inventory = FleetOf(2);
  inventory.nodes[0].addresses.push_back(testing_support::Ip("192.168.0.1"));
  const Compiled compiled = PlanBuilder()
                                .Cidrs("g", {"10.0.0.0/8"})
                                .Step("cut", Shape{.kind = Shape::Kind::kHalves, .of = "g"})
                                .Compile(inventory);
  EXPECT_THAT(Rules(compiled, 0), ElementsAre("drop in from 10.0.0.2/32 to 10.0.0.1/32"));
  EXPECT_THAT(Rules(compiled, 1), ElementsAre("drop in from 10.0.0.1/32 to 10.0.0.2/32"));
}

TEST(ShapeTest, AnImpairmentMayHaveAShape) {
  PlanBuilder builder;
  builder.Nodes("g", {"*"}).Step("far", Shape{.kind = Shape::Kind::kHalves, .of = "g"});
  builder.plan().steps[0].effect = Impairment{.delay = std::chrono::milliseconds(80)};
  EXPECT_THAT(Rules(builder.Compile(FleetOf(2)), 0),
              ElementsAre("delay 80ms in from 10.0.0.2/32, fd00::2/128 to 10.0.0.1/32, fd00::1/128"));
}

TEST(ShapeTest, TooManyEndsAreAnError) {
  PlanBuilder builder;
  builder.Nodes("g", {"*"}).Step("s0", Shape{.kind = Shape::Kind::kMajoritiesRing, .of = "g"});
  Inventory inventory;
  for (int i = 0; i < 2'100; ++i) {
    inventory.nodes.push_back(
        testing_support::Node(absl::StrCat("n", i), {absl::StrCat("10.1.", i / 256, ".", i % 256)}));
  }
  EXPECT_THAT(builder.ErrorsIn(inventory),
              ElementsAre("p:20:5: step 's0': the plan's shapes are made of more than 2000000 ends; use smaller groups "
                          "or fewer steps"));
}

TEST(IsolateTest, FromTheWorldIsDoneByTheIsolated) {
  const Compiled compiled =
      PlanBuilder().Nodes("one", {"n01"}).Step("cut", Isolate{"one", std::nullopt}).Compile(FleetOf(3));
  EXPECT_THAT(compiled.errors, IsEmpty());
  EXPECT_THAT(compiled.warnings, IsEmpty());
  const std::vector<std::string> rules = Rules(compiled, 0);
  ASSERT_THAT(rules, SizeIs(2));
  EXPECT_THAT(rules[0], ::testing::StartsWith("drop out from 10.0.0.1/32, fd00::1/128 to 0.0.0.0/5, 8.0.0.0/7, "));
  EXPECT_THAT(rules[1], ::testing::EndsWith(" to 10.0.0.1/32, fd00::1/128"));
  EXPECT_THAT(Rules(compiled, 1), IsEmpty());
}

TEST(IsolateTest, ASenderThatCannotLeavesItToTheReceivers) {
  Inventory inventory = FleetOf(3);
  TakeFrom(inventory.nodes[0], Capability::kEgressHook);
  const Compiled compiled =
      PlanBuilder().Nodes("one", {"n01"}).Step("cut", Isolate{"one", std::nullopt}).Compile(inventory);
  EXPECT_THAT(Rules(compiled, 0), SizeIs(1));
  EXPECT_THAT(Rules(compiled, 1), SizeIs(1));
  EXPECT_THAT(
      compiled.warnings,
      ElementsAre("step 'cut': 'one' to 'everything outside of one': packets to hosts of 'everything outside of "
                  "one' without an agent pass: node n01 has no nftables netdev egress hook: use Linux 5.16 or "
                  "later, or run agents on the receivers; packets from them do not, so that with hosts of "
                  "'everything outside of one' without an agent it is a fault one way"));
}

// Where two impairments meet on one packet, the later step's must win.
TEST(IsolateTest, AnImpairmentIsAtTheReceivers) {
  PlanBuilder builder;
  builder.Nodes("one", {"n01"}).Step("far", Isolate{"one", std::nullopt});
  builder.plan().steps[0].effect = Impairment{.delay = std::chrono::milliseconds(80)};
  const Compiled compiled = builder.Compile(FleetOf(3));
  ASSERT_THAT(Rules(compiled, 1), SizeIs(1));
  EXPECT_THAT(Rules(compiled, 1)[0], ::testing::StartsWith("delay 80ms in from 10.0.0.1/32, fd00::1/128 to "));
}

TEST(IsolateTest, FromAGroupThatHoldsItTakesTheOthers) {
  const Compiled compiled = PlanBuilder().Nodes("one", {"n01"}).Step("cut", Isolate{"one", "all"}).Compile(FleetOf(3));
  EXPECT_THAT(compiled.errors, IsEmpty());
  EXPECT_THAT(Rules(compiled, 0), ElementsAre("drop in from 10.0.0.2/31, fd00::2/127 to 10.0.0.1/32, fd00::1/128"));
  EXPECT_THAT(Rules(compiled, 1), ElementsAre("drop in from 10.0.0.1/32, fd00::1/128 to 10.0.0.2/32, fd00::2/128"));
}

TEST(IsolateTest, FromNothingIsAnError) {
  EXPECT_THAT(PlanBuilder()
                  .Nodes("g", {"n01", "n02"})
                  .Nodes("one", {"n01"})
                  .Cidrs("world", {"0.0.0.0/0", "::/0"})
                  .Step("a", Isolate{"g", "one"})
                  .Step("b", Isolate{"world", std::nullopt})
                  .ErrorsIn(FleetOf(3)),
              ElementsAre("p:20:5: step 'a': group 'one' has nothing outside of 'g' to isolate it from",
                          "p:21:5: step 'b': nothing is outside of group 'world' to isolate it from"));
}

TEST(IsolateTest, AHostWithoutAnAgentIsIsolatedByTheOthers) {
  const Compiled compiled =
      PlanBuilder().Cidrs("db", {"192.0.2.0/24"}).Step("cut", Isolate{"db", std::nullopt}).Compile(FleetOf(2));
  EXPECT_THAT(compiled.errors, IsEmpty());
  for (const std::size_t node : {0, 1}) EXPECT_THAT(Rules(compiled, node), SizeIs(2)) << node;
}

}  // namespace
}  // namespace faultline
