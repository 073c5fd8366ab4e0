#include "common/program/compose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/support/matchers.h"

namespace faultline {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::StatusIs;

const Match kFromParis{.sources = 1, .destinations = 0};
const Match kToParis{.sources = 0, .destinations = 1};

Timeline SplitTimeline() {
  Timeline timeline{.run = RunId("split-1"), .node = NodeName("lon-1"), .length = seconds(60)};
  timeline.prefix_sets = {PrefixSet{*Prefix::Parse("172.32.0.0/16")}, PrefixSet{*Prefix::Parse("172.33.0.0/16")}};
  timeline.steps = {
      {.index = 2, .name = "one-way", .at = seconds(0), .length = seconds(20), .rules = {{.match = kFromParis}}},
      {.index = 0, .name = "pause", .at = seconds(20), .length = seconds(10)},
      {.index = 1,
       .name = "split",
       .at = seconds(30),
       .length = seconds(20),
       .rules = {{.match = kFromParis}, {.side = Side::kSender, .match = kToParis}}}};
  return timeline;
}

NodeFacts AbleNode() {
  NodeFacts facts{.devices = {"eth0", "eth1"},
                  .has = CapabilitySet::All(),
                  .platform = {.id = "debian", .kernel_release = "6.1.0-1"}};
  facts.protect.ports = {7440};
  return facts;
}

TEST(ComposeTest, TakesEverythingOver) {
  const Timeline timeline = SplitTimeline();
  ASSERT_THAT(CheckTimeline(timeline), IsOk());
  const auto program = Compose(timeline, AbleNode());
  ASSERT_THAT(program, IsOk());
  EXPECT_EQ(program->run, RunId("split-1"));
  EXPECT_THAT(program->devices, ElementsAre("eth0", "eth1"));
  EXPECT_EQ(program->protect, AbleNode().protect);
  EXPECT_EQ(program->prefix_sets, timeline.prefix_sets);
}

TEST(ComposeTest, KeepsStepsWithRulesInOrderOfTheirStart) {
  const auto program = Compose(SplitTimeline(), AbleNode());
  ASSERT_THAT(program, IsOk());
  ASSERT_EQ(program->steps.size(), 2u);
  EXPECT_EQ(program->steps[0].index, 2u);
  EXPECT_THAT(program->steps[0].incoming, ElementsAre(kFromParis));
  EXPECT_THAT(program->steps[0].outgoing, IsEmpty());
  EXPECT_EQ(program->steps[1].index, 1u);
  EXPECT_THAT(program->steps[1].incoming, ElementsAre(kFromParis));
  EXPECT_THAT(program->steps[1].outgoing, ElementsAre(kToParis));
}

TEST(ComposeTest, TakesARepeatedMatchOnce) {
  Timeline timeline = SplitTimeline();
  timeline.steps[0].rules = {{.match = kFromParis}, {.match = kToParis}, {.match = kFromParis}};
  const auto program = Compose(timeline, AbleNode());
  ASSERT_THAT(program, IsOk());
  EXPECT_THAT(program->steps[0].incoming, ElementsAre(kFromParis, kToParis));
}

TEST(ComposeTest, RefusesWithoutDevice) {
  NodeFacts facts = AbleNode();
  facts.devices.clear();
  EXPECT_THAT(Compose(SplitTimeline(), facts),
              StatusIs(absl::StatusCode::kFailedPrecondition, AllOf(HasSubstr("step 'one-way'"), HasSubstr("config"))));
}

TEST(ComposeTest, RefusesIngressWithoutItsHook) {
  NodeFacts facts = AbleNode();
  facts.has.Set(Capability::kIngressHook, false);
  EXPECT_THAT(Compose(SplitTimeline(), facts), StatusIs(absl::StatusCode::kFailedPrecondition,
                                                        AllOf(HasSubstr("step 'one-way'"), HasSubstr("nf_tables"))));
}

TEST(ComposeTest, RefusesEgressWithoutItsHook) {
  NodeFacts facts = AbleNode();
  facts.has.Set(Capability::kEgressHook, false);
  facts.has.Set(Capability::kEgressClsact, false);
  EXPECT_THAT(Compose(SplitTimeline(), facts),
              StatusIs(absl::StatusCode::kFailedPrecondition, AllOf(HasSubstr("step 'split'"), HasSubstr("5.16"))));
}

TEST(ComposeTest, WithoutTheHookEgressIsByClsact) {
  NodeFacts facts = AbleNode();
  EXPECT_FALSE(Compose(SplitTimeline(), facts)->egress_by_clsact);
  facts.has.Set(Capability::kEgressHook, false);
  const auto program = Compose(SplitTimeline(), facts);
  ASSERT_THAT(program, IsOk());
  EXPECT_TRUE(program->egress_by_clsact);
}

TEST(ComposeTest, RefusesEgressWithoutLane) {
  NodeFacts facts = AbleNode();
  facts.has.Set(Capability::kBlackholeLane, false);
  EXPECT_THAT(Compose(SplitTimeline(), facts),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("step 'split'"), HasSubstr("module ifb comes with: apt install"))));
}

TEST(ComposeTest, AsksOnlyForWhatIsNeeded) {
  Timeline timeline = SplitTimeline();
  timeline.steps.pop_back();
  EXPECT_THAT(Compose(timeline, {.devices = {"eth0"}, .has = {Capability::kIngressHook}}), IsOk());
  timeline.steps[0].rules = {{.side = Side::kSender, .match = kToParis}};
  EXPECT_THAT(Compose(timeline, {.devices = {"eth0"}, .has = {Capability::kEgressHook, Capability::kBlackholeLane}}),
              IsOk());
  timeline.steps[0].rules.clear();
  const auto program = Compose(timeline, {});
  ASSERT_THAT(program, IsOk());
  EXPECT_THAT(program->steps, IsEmpty());
}

// One impairing step per [at, end), in the order of their starts.
Timeline Impairing(std::vector<std::pair<int, int>> spans) {
  Timeline timeline = SplitTimeline();
  timeline.steps.clear();
  for (const auto& [at, end] : spans) {
    const auto index = static_cast<StepIndex>(timeline.steps.size());
    timeline.steps.push_back({.index = index,
                              .name = "far",
                              .at = seconds(at),
                              .length = seconds(end - at),
                              .effect = Impairment{.delay = std::chrono::milliseconds(80)},
                              .rules = {{.match = kFromParis}}});
  }
  return timeline;
}

std::vector<StepIndex> Order(const Timeline& timeline) {
  std::vector<StepIndex> order;
  const auto program = Compose(timeline, AbleNode());
  if (!program.ok()) return order;
  for (const Program::StepRules& rules : program->steps) order.push_back(rules.index);
  return order;
}

TEST(ComposeOrderTest, BlocksStandBeforeImpairments) {
  Timeline timeline = Impairing({{0, 10}, {5, 20}, {30, 40}});
  timeline.steps[1].effect = Drop{};
  EXPECT_THAT(Order(timeline), ElementsAre(1, 0, 2));
}

TEST(ComposeOrderTest, LaterImpairmentsStandBeforeThoseTheyOverlap) {
  EXPECT_THAT(Order(Impairing({{0, 10}, {5, 20}})), ElementsAre(1, 0));
  EXPECT_THAT(Order(Impairing({{0, 30}, {10, 20}, {20, 40}})), ElementsAre(1, 2, 0));
  EXPECT_THAT(Order(Impairing({{0, 10}, {5, 20}, {10, 30}})), ElementsAre(2, 1, 0));
}

TEST(ComposeOrderTest, ImpairmentsThatDoNotOverlapStandByTheirStart) {
  EXPECT_THAT(Order(Impairing({{0, 10}, {10, 20}, {20, 30}})), ElementsAre(0, 1, 2));
}

TEST(ComposeLaneTest, NetemWhereThereIsOne) {
  const auto program = Compose(Impairing({{0, 10}}), AbleNode());
  ASSERT_THAT(program, IsOk());
  EXPECT_EQ(program->steps[0].lane, LaneKind::kNetem);
  EXPECT_EQ(std::get<Impairment>(program->steps[0].effect).delay, std::chrono::milliseconds(80));
}

TEST(ComposeLaneTest, SeedIsTheStepsOwnAndOnlyForKernelsThatTakeIt) {
  const Timeline timeline = Impairing({{0, 10}, {10, 20}});
  NodeFacts facts = AbleNode();
  auto program = Compose(timeline, facts);
  ASSERT_THAT(program, IsOk());
  EXPECT_EQ(program->steps[0].seed, StepSeed(timeline, 0));
  EXPECT_NE(program->steps[0].seed, program->steps[1].seed);
  facts.has.Set(Capability::kNetemSeed, false);
  program = Compose(timeline, facts);
  ASSERT_THAT(program, IsOk());
  EXPECT_EQ(program->steps[0].seed, std::nullopt);
}

TEST(ComposeLaneTest, WithoutNetemARateAndALossCanStillBeDone) {
  NodeFacts facts = AbleNode();
  facts.has.Set(Capability::kNetem, false);
  Timeline timeline = Impairing({{0, 10}});
  EXPECT_THAT(Compose(timeline, facts), StatusIs(absl::StatusCode::kFailedPrecondition,
                                                 AllOf(HasSubstr("step 'far'"), HasSubstr("no netem qdisc"))));
  timeline.steps[0].effect = Impairment{.loss = Ratio::Percent(1)};
  auto program = Compose(timeline, facts);
  ASSERT_THAT(program, IsOk());
  EXPECT_EQ(program->steps[0].lane, LaneKind::kLossByRule);
  timeline.steps[0].effect = Impairment{.rate = BitRate{1'000'000}};
  program = Compose(timeline, facts);
  ASSERT_THAT(program, IsOk());
  EXPECT_EQ(program->steps[0].lane, LaneKind::kRate);
  // A rule has no place behind a lane on the way out.
  timeline.steps[0].effect = Impairment{.loss = Ratio::Percent(1)};
  timeline.steps[0].rules = {{.side = Side::kSender, .match = kToParis}};
  EXPECT_THAT(Compose(timeline, facts), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("no netem qdisc")));
}

}  // namespace
}  // namespace faultline
