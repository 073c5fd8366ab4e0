#include "agent/program/compose.h"

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
      {.index = 2, .name = "one-way", .at = seconds(0), .length = seconds(20), .blocks = {{.match = kFromParis}}},
      {.index = 0, .name = "pause", .at = seconds(20), .length = seconds(10)},
      {.index = 1,
       .name = "split",
       .at = seconds(30),
       .length = seconds(20),
       .blocks = {{.match = kFromParis}, {.hook = Hook::kSenderBlackhole, .match = kToParis}}}};
  return timeline;
}

NodeFacts AbleNode() {
  NodeFacts facts{.devices = {"eth0", "eth1"}, .netdev_ingress = true, .netdev_egress = true, .blackhole_lane = true};
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
  EXPECT_THAT(program->steps[0].ingress_drop, ElementsAre(kFromParis));
  EXPECT_THAT(program->steps[0].egress_blackhole, IsEmpty());
  EXPECT_EQ(program->steps[1].index, 1u);
  EXPECT_THAT(program->steps[1].ingress_drop, ElementsAre(kFromParis));
  EXPECT_THAT(program->steps[1].egress_blackhole, ElementsAre(kToParis));
}

TEST(ComposeTest, TakesARepeatedMatchOnce) {
  Timeline timeline = SplitTimeline();
  timeline.steps[0].blocks = {{.match = kFromParis}, {.match = kToParis}, {.match = kFromParis}};
  const auto program = Compose(timeline, AbleNode());
  ASSERT_THAT(program, IsOk());
  EXPECT_THAT(program->steps[0].ingress_drop, ElementsAre(kFromParis, kToParis));
}

TEST(ComposeTest, RefusesWithoutDevice) {
  NodeFacts facts = AbleNode();
  facts.devices.clear();
  EXPECT_THAT(Compose(SplitTimeline(), facts),
              StatusIs(absl::StatusCode::kFailedPrecondition, AllOf(HasSubstr("step 'one-way'"), HasSubstr("config"))));
}

TEST(ComposeTest, RefusesIngressWithoutItsHook) {
  NodeFacts facts = AbleNode();
  facts.netdev_ingress = false;
  EXPECT_THAT(Compose(SplitTimeline(), facts), StatusIs(absl::StatusCode::kFailedPrecondition,
                                                        AllOf(HasSubstr("step 'one-way'"), HasSubstr("nf_tables"))));
}

TEST(ComposeTest, RefusesEgressWithoutItsHook) {
  NodeFacts facts = AbleNode();
  facts.netdev_egress = false;
  EXPECT_THAT(Compose(SplitTimeline(), facts),
              StatusIs(absl::StatusCode::kFailedPrecondition, AllOf(HasSubstr("step 'split'"), HasSubstr("5.16"))));
}

TEST(ComposeTest, RefusesEgressWithoutLane) {
  NodeFacts facts = AbleNode();
  facts.blackhole_lane = false;
  EXPECT_THAT(Compose(SplitTimeline(), facts), StatusIs(absl::StatusCode::kFailedPrecondition,
                                                        AllOf(HasSubstr("step 'split'"), HasSubstr("module ifb"))));
}

TEST(ComposeTest, AsksOnlyForWhatIsNeeded) {
  Timeline timeline = SplitTimeline();
  timeline.steps.pop_back();
  EXPECT_THAT(Compose(timeline, {.devices = {"eth0"}, .netdev_ingress = true}), IsOk());
  timeline.steps[0].blocks = {{.hook = Hook::kSenderBlackhole, .match = kToParis}};
  EXPECT_THAT(Compose(timeline, {.devices = {"eth0"}, .netdev_egress = true, .blackhole_lane = true}), IsOk());
  timeline.steps[0].blocks.clear();
  const auto program = Compose(timeline, {});
  ASSERT_THAT(program, IsOk());
  EXPECT_THAT(program->steps, IsEmpty());
}

TEST(ProgramTest, HasEgressWhenAnyStepHas) {
  Program program;
  EXPECT_FALSE(program.HasEgress());
  program.steps = {{.ingress_drop = {kFromParis}}};
  EXPECT_FALSE(program.HasEgress());
  program.steps.push_back({.index = 1, .egress_blackhole = {kToParis}});
  EXPECT_TRUE(program.HasEgress());
}

}  // namespace
}  // namespace faultline
