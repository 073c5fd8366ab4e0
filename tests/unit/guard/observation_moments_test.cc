#include "controller/guard/observation_moments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

PlanStep Step(const std::string& name, Duration at, Duration length) {
  PlanStep step;
  step.name = name;
  step.at = at;
  step.length = length;
  return step;
}

// "before split 20000 ms", or "before split first".
std::vector<std::string> Moments(const Plan& plan) {
  std::vector<std::string> texts;
  for (const ObservationMoment& moment : MomentsOf(plan)) {
    texts.push_back(moment.text +
                    (moment.first ? " first" : " " + std::to_string(moment.at / milliseconds(1)) + " ms"));
  }
  return texts;
}

Plan MakePlan(std::vector<std::string> before, std::vector<std::string> after, Duration timeout = seconds(10)) {
  Plan plan;
  plan.steps = {Step("early", seconds(5), seconds(10)), Step("split", seconds(40), seconds(20))};
  plan.observations = {{.name = "pmap", .before = std::move(before), .after = std::move(after), .timeout = timeout}};
  return plan;
}

TEST(ObservationMomentsTest, BeforeAStepThereIsTimeForAllOfIt) {
  EXPECT_THAT(Moments(MakePlan({"split"}, {"split"})), ElementsAre("before split 30000 ms", "after split 60100 ms"));
}

TEST(ObservationMomentsTest, NotBeforeTheLastChange) {
  EXPECT_THAT(Moments(MakePlan({"split"}, {}, seconds(60))), ElementsAre("before split 15000 ms"));
}

TEST(ObservationMomentsTest, ASecondBeforeAtTheLatest) {
  Plan plan = MakePlan({"split"}, {});
  plan.steps[0].length = seconds(34) + milliseconds(500);
  EXPECT_THAT(Moments(plan), ElementsAre("before split 39000 ms"));
}

TEST(ObservationMomentsTest, WhatHasNoTimeAfterT0IsDoneFirst) {
  Plan plan = MakePlan({"early"}, {});
  EXPECT_THAT(Moments(plan), ElementsAre("before early 0 ms"));
  plan.steps[0].at = milliseconds(500);
  EXPECT_THAT(Moments(plan), ElementsAre("before early first"));
}

TEST(ObservationMomentsTest, WithoutStepsItIsOfTheRun) {
  EXPECT_THAT(Moments(MakePlan({}, {})), ElementsAre("before the run 0 ms", "after the run 60100 ms"));
}

TEST(ObservationMomentsTest, TheEndComesLastAndHasNoMoment) {
  Plan plan = MakePlan({}, {"split"});
  plan.observations.insert(plan.observations.begin(), Observation{.name = "writes", .at_end = true});
  const std::vector<ObservationMoment> moments = MomentsOf(plan);
  ASSERT_EQ(moments.size(), 2u);
  EXPECT_EQ(moments[0].text, "after split");
  EXPECT_FALSE(moments[0].end);
  EXPECT_EQ(moments[1].text, "at the end");
  EXPECT_TRUE(moments[1].end);
}

TEST(ObservationMomentsTest, ManyAreInOrderOfTime) {
  EXPECT_THAT(
      Moments(MakePlan({"split", "early"}, {"split", "early"}, seconds(2))),
      ElementsAre("before early 3000 ms", "after early 15100 ms", "before split 38000 ms", "after split 60100 ms"));
}

}  // namespace
}  // namespace faultline
