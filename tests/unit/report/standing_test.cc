#include "controller/report/standing.h"

#include <gtest/gtest.h>

#include <set>

namespace faultline {
namespace {

v1::Run MakeRun(v1::RunState state, v1::Outcome outcome = v1::OUTCOME_UNSPECIFIED) {
  v1::Run run;
  run.set_state(state);
  run.set_outcome(outcome);
  return run;
}

TEST(StandingTest, EveryStateAndOutcomeHasAWordOfItsOwn) {
  std::set<std::string> words;
  for (int state = v1::RunState_MIN + 1; state <= v1::RunState_MAX; ++state) {
    if (state == v1::RUN_STATE_ENDED) continue;
    words.insert(StandingOf(MakeRun(static_cast<v1::RunState>(state))));
  }
  for (int outcome = v1::Outcome_MIN + 1; outcome <= v1::Outcome_MAX; ++outcome) {
    words.insert(StandingOf(MakeRun(v1::RUN_STATE_ENDED, static_cast<v1::Outcome>(outcome))));
  }
  EXPECT_FALSE(words.contains("ended"));
  EXPECT_EQ(words.size(), static_cast<std::size_t>(v1::RunState_MAX - 1 + v1::Outcome_MAX));
}

TEST(StandingTest, OutcomeIsToldOnlyWhenItIsOver) {
  EXPECT_EQ(StandingOf(MakeRun(v1::RUN_STATE_ENDING, v1::OUTCOME_ABORTED)), "ending");
  EXPECT_EQ(StandingOf(MakeRun(v1::RUN_STATE_ENDED, v1::OUTCOME_ABORTED)), "aborted");
}

}  // namespace
}  // namespace faultline
