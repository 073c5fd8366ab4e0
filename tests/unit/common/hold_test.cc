#include "common/hold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Timeline TimelineOf(std::vector<std::pair<Duration, Duration>> steps) {
  Timeline timeline;
  timeline.run = RunId("run-1");
  timeline.node = NodeName("lon-1");
  for (const auto& [at, length] : steps) {
    const auto index = static_cast<StepIndex>(timeline.steps.size());
    timeline.steps.push_back({.index = index, .name = "s", .at = at, .length = length});
    timeline.length = std::max(timeline.length, at + length + seconds(3));
  }
  timeline.holds = HoldsOf(timeline.steps);
  return timeline;
}

std::set<StepIndex> ActiveAt(const Timeline& timeline, Duration elapsed) {
  std::set<StepIndex> active;
  for (const Step& step : timeline.steps) {
    if (step.at <= elapsed && elapsed < step.end()) active.insert(step.index);
  }
  return active;
}

TEST(HoldsOfTest, EveryStageBeforeTheLastBeginHasOne) {
  EXPECT_THAT(TimelineOf({{seconds(5), seconds(10)}, {seconds(15), seconds(10)}, {seconds(30), seconds(5)}}).holds,
              ElementsAre(seconds(5), seconds(15), seconds(25), seconds(30)));
}

TEST(HoldsOfTest, WhatBeginsAtOnceWaitsForTheBaseline) {
  EXPECT_THAT(TimelineOf({{seconds(0), seconds(10)}}).holds, ElementsAre(seconds(0)));
}

TEST(HoldsOfTest, EndsAfterTheLastBeginHaveNone) {
  EXPECT_THAT(TimelineOf({{seconds(0), seconds(30)}, {seconds(10), seconds(10)}}).holds,
              ElementsAre(seconds(0), seconds(10)));
  EXPECT_THAT(HoldsOf({}), IsEmpty());
}

TEST(RetimeTest, PresentStepLastsLongerAndTheNextComesLater) {
  Timeline timeline = TimelineOf({{seconds(5), seconds(10)}, {seconds(15), seconds(10)}});
  Retime(1, seconds(4), timeline);
  EXPECT_EQ(timeline.steps[0].at, seconds(5));
  EXPECT_EQ(timeline.steps[0].end(), seconds(19));
  EXPECT_EQ(timeline.steps[1].at, seconds(19));
  EXPECT_EQ(timeline.steps[1].length, seconds(10));
  EXPECT_EQ(timeline.length, seconds(32));
  EXPECT_THAT(timeline.holds, ElementsAre(seconds(5), seconds(15)));
}

// Any timeline of steps at whole tenths of a second, so that many moments fall together.
Timeline RandomTimeline(std::mt19937_64& random) {
  std::vector<std::pair<Duration, Duration>> steps;
  for (std::size_t i = 0, count = 1 + random() % 6; i < count; ++i) {
    steps.emplace_back(milliseconds(100 * (random() % 20)), milliseconds(100 + 100 * (random() % 10)));
  }
  std::ranges::sort(steps, {}, &std::pair<Duration, Duration>::first);
  return TimelineOf(std::move(steps));
}

class RetimePropertyTest : public ::testing::TestWithParam<int> {
 protected:
  std::mt19937_64 random_{static_cast<std::uint64_t>(GetParam())};
  const Timeline before_ = RandomTimeline(random_);
  const std::size_t hold_ = random_() % before_.holds.size();
  const Duration shift_ = milliseconds(random_() % 3000);
  const Timeline after_ = [this] {
    Timeline timeline = before_;
    Retime(hold_, shift_, timeline);
    return timeline;
  }();
};

TEST_P(RetimePropertyTest, TimeStandsStillAtTheHoldAndNowhereElse) {
  const Duration from = before_.holds[hold_];
  for (Duration time(0); time < after_.length; time += milliseconds(50)) {
    const Duration stood = time < from ? time : time < from + shift_ ? from - Duration(1) : time - shift_;
    EXPECT_EQ(ActiveAt(after_, time), ActiveAt(before_, stood)) << time.count();
  }
  EXPECT_EQ(after_.length, before_.length + shift_);
}

TEST_P(RetimePropertyTest, ItIsATimelineStillWithEveryStageAtItsHold) {
  EXPECT_TRUE(CheckTimeline(after_).ok()) << CheckTimeline(after_);
  for (std::size_t i = 0; i < after_.holds.size(); ++i) {
    EXPECT_EQ(after_.holds[i], before_.holds[i] + (i > hold_ ? shift_ : Duration(0)));
  }
  const std::vector<Duration> ends = HoldsOf(after_.steps);
  ASSERT_EQ(ends.size(), before_.holds.size());
  for (std::size_t i = 0; i < ends.size(); ++i) {
    EXPECT_EQ(ends[i], before_.holds[i] + (i >= hold_ ? shift_ : Duration(0)));
  }
}

TEST_P(RetimePropertyTest, LengthsOfOneHoldAddUpAndCanBeTakenBack) {
  Timeline twice = before_;
  Retime(hold_, kLongestHold, twice);
  Retime(hold_, shift_ - kLongestHold, twice);
  EXPECT_EQ(twice, after_);
  Retime(hold_, -shift_, twice);
  EXPECT_EQ(twice, before_);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RetimePropertyTest, ::testing::Range(0, 200));

TEST(CheckTimelineTest, HoldsAreInOrderWithinARunThatHeals) {
  Timeline timeline = TimelineOf({{seconds(5), seconds(10)}, {seconds(15), seconds(10)}});
  EXPECT_TRUE(CheckTimeline(timeline).ok());
  for (const std::vector<Duration>& holds :
       {std::vector<Duration>{seconds(5), seconds(5)}, {seconds(6), seconds(5)}, {-seconds(1)}, {timeline.length}}) {
    Timeline wrong = timeline;
    wrong.holds = holds;
    EXPECT_THAT(CheckTimeline(wrong).message(), HasSubstr("is out of place"));
  }
  timeline.on_controller_loss = ControllerLoss::kContinue;
  EXPECT_THAT(CheckTimeline(timeline).message(), HasSubstr("use on_controller_loss: heal"));
}

TEST(CheckPatienceTest, HasBoundsAndNeedsTheController) {
  EXPECT_TRUE(CheckPatience(kShortestPatience, ControllerLoss::kHeal).ok());
  EXPECT_TRUE(CheckPatience(kLongestPatience, ControllerLoss::kHeal).ok());
  EXPECT_EQ(CheckPatience(milliseconds(999), ControllerLoss::kHeal).message(), "must be 1s to 24h, not 999ms");
  EXPECT_EQ(CheckPatience(kLongestPatience + Duration(1), ControllerLoss::kHeal).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(CheckPatience(minutes(1), ControllerLoss::kContinue).message(), HasSubstr("on_controller_loss: heal"));
}

}  // namespace
}  // namespace faultline
