#include "controller/compile/predict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/compile/fleet_builder.h"

namespace faultline {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing_support::Ip;
using testing_support::Set;

Step StepAt(StepIndex index, const char* name, int at, int length) {
  Step step;
  step.index = index;
  step.name = name;
  step.at = seconds(at);
  step.length = seconds(length);
  return step;
}

Timeline TimelineOf(std::vector<Step> steps, int length) {
  Timeline timeline;
  timeline.run = RunId("r");
  timeline.node = NodeName("n");
  timeline.steps = std::move(steps);
  timeline.length = seconds(length);
  return timeline;
}

Stage StageOf(const char* name, int start, int end, std::vector<StepIndex> active = {}) {
  return {name, seconds(start), seconds(end), std::move(active)};
}

TEST(StagesOfTest, CutsAtEveryStartAndEnd) {
  EXPECT_THAT(StagesOf(TimelineOf({StepAt(0, "one-way", 10, 20), StepAt(1, "split", 30, 30)}, 63)),
              ElementsAre(StageOf("baseline", 0, 10), StageOf("one-way", 10, 30, {0}), StageOf("split", 30, 60, {1}),
                          StageOf("healed", 60, 63)));
}

TEST(StagesOfTest, NamesOverlapsAndGaps) {
  EXPECT_THAT(StagesOf(TimelineOf({StepAt(1, "a", 2, 4), StepAt(0, "b", 4, 4), StepAt(2, "c", 10, 1)}, 12)),
              ElementsAre(StageOf("baseline", 0, 2), StageOf("a", 2, 4, {1}), StageOf("a+b", 4, 6, {1, 0}),
                          StageOf("b", 6, 8, {0}), StageOf("between", 8, 10), StageOf("c", 10, 11, {2}),
                          StageOf("healed", 11, 12)));
}

TEST(StagesOfTest, KeepsABaselineOfNoLength) {
  EXPECT_THAT(StagesOf(TimelineOf({StepAt(0, "a", 0, 4)}, 4)),
              ElementsAre(StageOf("baseline", 0, 0), StageOf("a", 0, 4, {0})));
}

TEST(StagesOfTest, AStepMayBeCalledBaseline) {
  EXPECT_THAT(StagesOf(TimelineOf({StepAt(0, "baseline", 0, 4), StepAt(1, "between", 4, 1)}, 5)),
              ElementsAre(StageOf("baseline", 0, 0), StageOf("baseline", 0, 4, {0}), StageOf("between", 4, 5, {1})));
}

TEST(StagesOfTest, NoStepsIsAllBaseline) {
  EXPECT_THAT(StagesOf(TimelineOf({}, 3)), ElementsAre(StageOf("baseline", 0, 3)));
  EXPECT_THAT(StagesOf(TimelineOf({}, 0)), ElementsAre(StageOf("baseline", 0, 0)));
}

// Node n drops what comes from 10/8 to 11/8 in step 0, and swallows what goes from 11/8 to 12/8 except 12.0.0.1 in
// step 1.
Timeline TwoHooks() {
  Timeline timeline = TimelineOf({StepAt(0, "in", 0, 1), StepAt(1, "out", 1, 1)}, 3);
  timeline.prefix_sets = {Set({"10.0.0.0/8"}), Set({"11.0.0.0/8"}), Set({"12.0.0.0/8"}), Set({"12.0.0.1"})};
  timeline.steps[0].blocks = {{Hook::kReceiverIngress, {0, 1, std::nullopt}}};
  timeline.steps[1].blocks = {{Hook::kSenderBlackhole, {1, 2, 3}}};
  return timeline;
}

TEST(ReachesTest, TheReceiverDropsWhileItsStepIsActive) {
  const Timeline node = TwoHooks();
  const auto reaches = [&node](const char* from, const char* to, std::vector<StepIndex> active) {
    return Reaches(nullptr, Ip(from), &node, Ip(to), active);
  };
  EXPECT_FALSE(reaches("10.0.0.1", "11.0.0.1", {0}));
  EXPECT_FALSE(reaches("10.0.0.1", "11.0.0.1", {1, 0}));
  EXPECT_TRUE(reaches("10.0.0.1", "11.0.0.1", {}));
  EXPECT_TRUE(reaches("10.0.0.1", "11.0.0.1", {1}));
  EXPECT_TRUE(reaches("9.0.0.1", "11.0.0.1", {0}));
  EXPECT_TRUE(reaches("10.0.0.1", "9.0.0.1", {0}));
  // The egress hook is no ingress.
  EXPECT_TRUE(reaches("11.0.0.1", "12.0.0.2", {1}));
}

TEST(ReachesTest, TheSenderSwallowsWhileItsStepIsActive) {
  const Timeline node = TwoHooks();
  const auto reaches = [&node](const char* from, const char* to, std::vector<StepIndex> active) {
    return Reaches(&node, Ip(from), nullptr, Ip(to), active);
  };
  EXPECT_FALSE(reaches("11.0.0.1", "12.0.0.2", {1}));
  EXPECT_TRUE(reaches("11.0.0.1", "12.0.0.1", {1}));
  EXPECT_TRUE(reaches("11.0.0.1", "12.0.0.2", {0}));
  EXPECT_TRUE(reaches("10.0.0.1", "11.0.0.1", {0}));
}

TEST(ReachesTest, NobodyIsCutFromItself) {
  const Timeline node = TwoHooks();
  EXPECT_TRUE(Reaches(&node, Ip("10.0.0.1"), &node, Ip("11.0.0.1"), std::vector<StepIndex>{0, 1}));
}

TEST(ReachesTest, WithoutAgentsEverythingArrives) {
  EXPECT_TRUE(Reaches(nullptr, Ip("10.0.0.1"), nullptr, Ip("11.0.0.1"), std::vector<StepIndex>{0}));
}

TEST(DescribeBlockTest, SaysWhichPacketsVanishWhere) {
  const Timeline node = TwoHooks();
  EXPECT_EQ(DescribeBlock(node.steps[0].blocks[0], node), "drop in  from 10.0.0.0/8 to 11.0.0.0/8");
  EXPECT_EQ(DescribeBlock(node.steps[1].blocks[0], node), "drop out from 11.0.0.0/8 to 12.0.0.0/8 except 12.0.0.1/32");
  EXPECT_EQ(DescribeBlock({Hook::kReceiverIngress, {0, std::nullopt, std::nullopt}}, node),
            "drop in  from 10.0.0.0/8 to anywhere");
}

}  // namespace
}  // namespace faultline
