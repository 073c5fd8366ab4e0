#include "agent/timeline/run_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/timeline/timeline_samples.h"

namespace faultline {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(RunPlanTest, StepsActFromTheirStartUntilJustBeforeTheirEnd) {
  const Timeline timeline = SampleTimeline({{seconds(10), seconds(20)}, {seconds(20), seconds(20)}});
  EXPECT_THAT(ActiveSteps(timeline, seconds(10) - Duration(1)), IsEmpty());
  EXPECT_THAT(ActiveSteps(timeline, seconds(10)), ElementsAre(0));
  EXPECT_THAT(ActiveSteps(timeline, seconds(20)), ElementsAre(0, 1));
  EXPECT_THAT(ActiveSteps(timeline, seconds(30)), ElementsAre(1));
  EXPECT_THAT(ActiveSteps(timeline, seconds(40)), IsEmpty());
}

TEST(RunPlanTest, EveryEdgeIsAChangeAndTheEndIsTheLast) {
  const Timeline timeline = SampleTimeline({{seconds(10), seconds(20)}, {seconds(20), seconds(20)}});
  std::vector<Duration> changes;
  for (std::optional<Duration> next = NextChange(timeline, Duration(0)); next; next = NextChange(timeline, *next)) {
    changes.push_back(*next);
  }
  EXPECT_THAT(changes, ElementsAre(seconds(10), seconds(20), seconds(30), seconds(40), seconds(60)));
}

TEST(RunPlanTest, BeforeT0TheFirstChangeIsAStepAtZero) {
  EXPECT_EQ(NextChange(SampleTimeline({{seconds(0), seconds(5)}}), -seconds(1)), seconds(0));
}

TEST(RunPlanTest, FlappingStepActsWhileItIsDownAndNeverBeyondItsEnd) {
  Timeline timeline = SampleTimeline({{seconds(10), seconds(8)}});
  timeline.steps[0].flap = Flap{.down = seconds(2), .up = seconds(5)};
  using Acting = std::map<StepIndex, Duration>;
  EXPECT_EQ(ActingSteps(timeline, seconds(9)), Acting());
  EXPECT_EQ(ActingSteps(timeline, seconds(10)), (Acting{{0, seconds(12)}}));
  EXPECT_EQ(ActingSteps(timeline, seconds(12)), Acting());
  EXPECT_EQ(ActingSteps(timeline, seconds(17)), (Acting{{0, seconds(18)}}));
  EXPECT_EQ(ActingSteps(timeline, seconds(18)), Acting());
  EXPECT_THAT(ActiveSteps(timeline, seconds(13)), ElementsAre(0));
}

TEST(RunPlanTest, EveryChangeOfAFlapAndARampIsOnTheWay) {
  Timeline timeline = SampleTimeline({{seconds(10), seconds(8)}, {seconds(12), seconds(4)}});
  timeline.steps[0].flap = Flap{.down = seconds(2), .up = seconds(5)};
  timeline.steps[1].effect = Impairment{.delay = seconds(1)};
  timeline.steps[1].ramp = Ramp{.to = {.delay = seconds(2)}, .over = seconds(3), .changes = 2};
  std::vector<Duration> changes;
  for (std::optional<Duration> next = NextChange(timeline, Duration(0)); next; next = NextChange(timeline, *next)) {
    changes.push_back(*next);
  }
  using std::chrono::milliseconds;
  EXPECT_THAT(changes, ElementsAre(seconds(10), seconds(12), milliseconds(13500), seconds(15), seconds(16), seconds(17),
                                   seconds(18), seconds(60)));
}

TEST(RunPlanTest, RampsCountTheirChangesFromTheirOwnStep) {
  Timeline timeline = SampleTimeline({{seconds(10), seconds(8)}});
  timeline.steps[0].effect = Impairment{.delay = seconds(1)};
  timeline.steps[0].ramp = Ramp{.to = {.delay = seconds(2)}, .over = seconds(4), .changes = 4};
  using Positions = std::map<StepIndex, std::size_t>;
  EXPECT_EQ(RampPositions(timeline, seconds(9)), Positions());
  EXPECT_EQ(RampPositions(timeline, seconds(10)), (Positions{{0, 0}}));
  EXPECT_EQ(RampPositions(timeline, seconds(12)), (Positions{{0, 2}}));
  EXPECT_EQ(RampPositions(timeline, seconds(17)), (Positions{{0, 4}}));
  EXPECT_EQ(RampPositions(timeline, seconds(18)), Positions());
}

}  // namespace
}  // namespace faultline
