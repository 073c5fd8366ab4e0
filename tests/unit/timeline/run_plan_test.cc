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

}  // namespace
}  // namespace faultline
