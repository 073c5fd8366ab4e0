#include "controller/report/run_words.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/unit/report/run_samples.h"

namespace faultline {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(RunWordsTest, ExactTextLosesNothing) {
  EXPECT_EQ(ExactText(seconds(10), seconds(1)), "10");
  EXPECT_EQ(ExactText(nanoseconds(10'000'350'001), seconds(1)), "10.000350001");
  EXPECT_EQ(ExactText(-milliseconds(2'960), seconds(1)), "-2.96");
  EXPECT_EQ(ExactText(-milliseconds(60), seconds(1)), "-0.06");
  EXPECT_EQ(ExactText(microseconds(350), milliseconds(1)), "0.35");
  EXPECT_EQ(ExactText(Duration(0), milliseconds(1)), "0");
  EXPECT_EQ(ExactText(-hours(10'000), seconds(1)), "-36000000");
}

TEST(RunWordsTest, MomentsAreCountedFromT0) {
  v1::Run run;
  EXPECT_FALSE(WallAt(run, seconds(1)).has_value());
  run.mutable_started()->set_seconds(1704067202);
  run.mutable_started()->set_nanos(999'999'999);
  EXPECT_EQ(Rfc3339(*WallAt(run, nanoseconds(1))), "2024-01-01T00:00:03.000000000Z");
  EXPECT_EQ(Rfc3339(*WallAt(run, -seconds(3))), "2023-12-31T23:59:59.999999999Z");
  run.mutable_started()->set_nanos(0);
  EXPECT_EQ(Rfc3339(*WallAt(run, -nanoseconds(1))), "2024-01-01T00:00:01.999999999Z");
  EXPECT_EQ(WallAt(run, -nanoseconds(1))->nanos(), 999'999'999);
}

TEST(RunWordsTest, EveryStateAndOutcomeHasAWordOfItsOwn) {
  std::set<absl::string_view> words;
  v1::Run run;
  for (int state = v1::RunState_MIN + 1; state <= v1::RunState_MAX; ++state) {
    run.set_state(static_cast<v1::RunState>(state));
    if (state != v1::RUN_STATE_ENDED) words.insert(WordOf(run));
  }
  run.set_state(v1::RUN_STATE_ENDED);
  for (int outcome = v1::Outcome_MIN + 1; outcome <= v1::Outcome_MAX; ++outcome) {
    run.set_outcome(static_cast<v1::Outcome>(outcome));
    words.insert(WordOf(run));
  }
  EXPECT_FALSE(words.contains("ended"));
  EXPECT_EQ(words.size(), static_cast<std::size_t>(v1::RunState_MAX - 1 + v1::Outcome_MAX));
}

TEST(RunWordsTest, StageText) {
  v1::StageVerdict stage = OneWayStage(1);
  EXPECT_EQ(StageText(stage), "as planned");
  SetObserved(stage, "lon-1", "par-1", v1::FAMILY_IPV4, v1::REACH_OPEN, 12);
  EXPECT_EQ(StageText(stage), "NOT as planned: 1 of 4 edges");
  EXPECT_EQ(WrongEdges(stage), 1);
  stage = OpenStage(1);
  stage.set_unseen(true);
  stage.set_matched(0);
  EXPECT_EQ(StageText(stage), "NOT as planned: no packet met its faults");
}

TEST(RunWordsTest, StageTextTellsWhatWaitingForItDid) {
  v1::StageVerdict stage = OneWayStage(1);
  *stage.mutable_held() = EncodeDuration(milliseconds(4'204));
  EXPECT_EQ(StageText(stage), "as planned; held 4s200ms");
  *stage.mutable_observed_from() = EncodeDuration(seconds(12));
  EXPECT_EQ(StageText(stage), "as planned; held 4s200ms, judged from 12s on");
  stage.clear_held();
  SetObserved(stage, "lon-1", "par-1", v1::FAMILY_IPV4, v1::REACH_OPEN, 12);
  EXPECT_EQ(StageText(stage), "NOT as planned: 1 of 4 edges; judged from 12s on");
}

TEST(RunWordsTest, EveryStateHasAWord) {
  v1::Run run = SampleRun();
  EXPECT_EQ(WordOf(run), "verified");
  run.set_outcome(v1::OUTCOME_MISSED);
  EXPECT_EQ(WordOf(run), "missed");
  run.set_state(v1::RUN_STATE_WAITING);
  EXPECT_EQ(WordOf(run), "waiting");
}

}  // namespace
}  // namespace faultline
