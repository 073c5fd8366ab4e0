#include "controller/compile/predict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/compile/fleet_builder.h"

namespace faultline {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
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

// Node n drops what comes from 10/8 to 11/8 in step 0, and what it sends from 11/8 to 12/8 except 12.0.0.1 in step 1.
Timeline TwoSides() {
  Timeline timeline = TimelineOf({StepAt(0, "in", 0, 1), StepAt(1, "out", 1, 1)}, 3);
  timeline.prefix_sets = {Set({"10.0.0.0/8"}), Set({"11.0.0.0/8"}), Set({"12.0.0.0/8"}), Set({"12.0.0.1"})};
  timeline.steps[0].rules = {{Side::kReceiver, {0, 1, std::nullopt}}};
  timeline.steps[1].rules = {{Side::kSender, {1, 2, 3}}};
  return timeline;
}

double Arrives(const Timeline* sender, const char* from, const Timeline* receiver, const char* to,
               std::vector<StepIndex> active) {
  const Stage stage = {.name = "s", .start = seconds(0), .end = seconds(1), .active = std::move(active)};
  return Predict(sender, receiver, PacketOfProbe(Ip(from), Ip(to), 7401), stage).arrives;
}

TEST(PredictTest, TheReceiverDropsWhileItsStepIsActive) {
  const Timeline node = TwoSides();
  EXPECT_EQ(Arrives(nullptr, "10.0.0.1", &node, "11.0.0.1", {0}), 0);
  EXPECT_EQ(Arrives(nullptr, "10.0.0.1", &node, "11.0.0.1", {1, 0}), 0);
  EXPECT_EQ(Arrives(nullptr, "10.0.0.1", &node, "11.0.0.1", {}), 1);
  EXPECT_EQ(Arrives(nullptr, "10.0.0.1", &node, "11.0.0.1", {1}), 1);
  EXPECT_EQ(Arrives(nullptr, "9.0.0.1", &node, "11.0.0.1", {0}), 1);
  EXPECT_EQ(Arrives(nullptr, "10.0.0.1", &node, "9.0.0.1", {0}), 1);
  // What it does to what it sends concerns nothing that it receives.
  EXPECT_EQ(Arrives(nullptr, "11.0.0.1", &node, "12.0.0.2", {1}), 1);
}

TEST(PredictTest, TheSenderDropsWhileItsStepIsActive) {
  const Timeline node = TwoSides();
  EXPECT_EQ(Arrives(&node, "11.0.0.1", nullptr, "12.0.0.2", {1}), 0);
  EXPECT_EQ(Arrives(&node, "11.0.0.1", nullptr, "12.0.0.1", {1}), 1);
  EXPECT_EQ(Arrives(&node, "11.0.0.1", nullptr, "12.0.0.2", {0}), 1);
  EXPECT_EQ(Arrives(&node, "10.0.0.1", nullptr, "11.0.0.1", {0}), 1);
}

TEST(PredictTest, NobodyIsCutFromItself) {
  const Timeline node = TwoSides();
  EXPECT_EQ(Arrives(&node, "10.0.0.1", &node, "11.0.0.1", {0, 1}), 1);
}

TEST(PredictTest, WithoutAgentsEverythingArrives) {
  EXPECT_EQ(Arrives(nullptr, "10.0.0.1", nullptr, "11.0.0.1", {0}), 1);
}

// Probes cannot see a fault on other packets; that there is one is said.
TEST(PredictTest, AFaultOnOtherPacketsIsUnseen) {
  Timeline node = TwoSides();
  node.steps[0].filter.protocol = Protocol::kTcp;
  const Stage stage = {.name = "s", .start = seconds(0), .end = seconds(1), .active = {0}};
  const auto predict = [&](const char* from) {
    return Predict(nullptr, &node, PacketOfProbe(Ip(from), Ip("11.0.0.1"), 7401), stage);
  };
  EXPECT_TRUE(predict("10.0.0.1").unseen);
  EXPECT_TRUE(predict("10.0.0.1").Plain());
  EXPECT_EQ(predict("10.0.0.1").arrives, 1);
  EXPECT_FALSE(predict("9.0.0.1").unseen);
}

}  // namespace
}  // namespace faultline
