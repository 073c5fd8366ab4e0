#include "controller/report/expectation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/report/stage_samples.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr int kEach = 2;

// A run of lon-1, lon-2 and par-1, par-2, and what is expected of it.
class ExpectationTest : public ::testing::Test {
 protected:
  ExpectationTest() {
    for (const std::string& node : LondonAndParis(kEach)) {
      Group(IsLondon(node) ? "london" : "paris").add_nodes(node);
    }
    Group("nobody");
  }
  v1::GroupMembers& Group(const std::string& name) {
    for (v1::GroupMembers& group : *run_.mutable_groups()) {
      if (group.name() == name) return group;
    }
    run_.add_groups()->set_name(name);
    return *run_.mutable_groups()->rbegin();
  }
  static Expectation Expect(decltype(Expectation::what) what, bool both_ways = false) {
    return {.text = "as said", .step = "cut", .from = "london", .to = "paris", .both_ways = both_ways, .what = what};
  }
  // Of one expectation in one stage.
  v1::ExpectationVerdict Judge(const Expectation& expectation, const v1::StageVerdict& stage) {
    run_.clear_expectations();
    const std::vector<std::string> active = {"cut"};
    JudgeExpectations({&expectation, 1}, active, stage, run_);
    EXPECT_EQ(run_.expectations_size(), 1);
    return run_.expectations_size() == 0 ? v1::ExpectationVerdict() : run_.expectations(0);
  }

  v1::Run run_;
};

TEST_F(ExpectationTest, UnreachableIsThatNothingArrives) {
  v1::StageVerdict stage = OneWayStage(kEach);
  EXPECT_EQ(Judge(Expect(Reachability::kUnreachable), stage).judgement(), v1::JUDGEMENT_AS_PLANNED);
  EXPECT_EQ(Judge(Expect(Reachability::kUnreachable, true), stage).judgement(), v1::JUDGEMENT_OFF);
  SetObserved(stage, "lon-2", "par-1", v1::FAMILY_IPV6, v1::REACH_LOSSY, 3);
  const v1::ExpectationVerdict verdict = Judge(Expect(Reachability::kUnreachable), stage);
  EXPECT_EQ(verdict.judgement(), v1::JUDGEMENT_OFF);
  EXPECT_EQ(verdict.stage(), "one-way");
  EXPECT_EQ(verdict.text(), "as said");
  EXPECT_EQ(verdict.detail(), "lon-2 → par-1 (IPv6): 3 of 12 probes arrived");
}

TEST_F(ExpectationTest, ReachableIsThatSomeArrive) {
  v1::StageVerdict stage = OpenStage(kEach);
  SetObserved(stage, "lon-2", "par-1", v1::FAMILY_IPV6, v1::REACH_LOSSY, 3);
  EXPECT_EQ(Judge(Expect(Reachability::kReachable), stage).judgement(), v1::JUDGEMENT_AS_PLANNED);
  SetObserved(stage, "lon-2", "par-1", v1::FAMILY_IPV6, v1::REACH_CUT, 0);
  EXPECT_EQ(Judge(Expect(Reachability::kReachable), stage).judgement(), v1::JUDGEMENT_OFF);
}

TEST_F(ExpectationTest, WhatIsNotKnownIsNotMet) {
  v1::StageVerdict stage = OneWayStage(kEach);
  SetObserved(stage, "lon-1", "par-1", v1::FAMILY_IPV4, v1::REACH_UNSPECIFIED, 0, 0);
  const v1::ExpectationVerdict verdict = Judge(Expect(Reachability::kUnreachable), stage);
  EXPECT_EQ(verdict.judgement(), v1::JUDGEMENT_UNSPECIFIED);
  EXPECT_THAT(SummarizeExpectations(run_), HasSubstr("one-way: not known to be as expected, as said: lon-1 → par-1"));
  Expectation nobody = Expect(Reachability::kUnreachable);
  nobody.to = "nobody";
  EXPECT_EQ(Judge(nobody, stage).judgement(), v1::JUDGEMENT_UNSPECIFIED);
  EXPECT_EQ(run_.expectations(0).detail(), "no two of its nodes probe each other");
}

TEST_F(ExpectationTest, DelayIsOneWayOrThereAndBack) {
  v1::StageVerdict stage = FarStage(kEach, milliseconds(80), 0);
  const NearDelay one_way = {.delay = milliseconds(85), .round_trip = false, .within = milliseconds(5)};
  const NearDelay round_trip = {.delay = milliseconds(160), .round_trip = true, .within = milliseconds(5)};
  EXPECT_EQ(Judge(Expect(one_way), stage).judgement(), v1::JUDGEMENT_AS_PLANNED);
  EXPECT_EQ(Judge(Expect(round_trip), stage).judgement(), v1::JUDGEMENT_AS_PLANNED);
  SetImpaired(stage, "par-1", "lon-1", v1::FAMILY_IPV4, milliseconds(90), 0);
  EXPECT_EQ(Judge(Expect(one_way), stage).judgement(), v1::JUDGEMENT_AS_PLANNED);
  const v1::ExpectationVerdict verdict = Judge(Expect(round_trip), stage);
  EXPECT_EQ(verdict.judgement(), v1::JUDGEMENT_OFF);
  EXPECT_EQ(verdict.detail(), "lon-1 → par-1 (IPv4): 170ms of delay there and back");
  EdgeOf(stage, "par-1", "lon-1", v1::FAMILY_IPV4).clear_observed_delay();
  EXPECT_EQ(Judge(Expect(round_trip), stage).judgement(), v1::JUDGEMENT_UNSPECIFIED);
}

TEST_F(ExpectationTest, LossIsWithinWhatWasSaid) {
  const v1::StageVerdict stage = FarStage(kEach, milliseconds(0), 0.1);
  EXPECT_EQ(Judge(Expect(NearLoss{.loss = Ratio::Percent(8), .within = Ratio::Percent(3)}), stage).judgement(),
            v1::JUDGEMENT_AS_PLANNED);
  EXPECT_EQ(Judge(Expect(NearLoss{.loss = Ratio::Percent(8), .within = Ratio::Percent(1)}), stage).judgement(),
            v1::JUDGEMENT_OFF);
}

TEST_F(ExpectationTest, OnlyStagesOfItsStepCount) {
  const Expectation expectation = Expect(Reachability::kUnreachable);
  const v1::StageVerdict stage = OpenStage(kEach);
  const auto judged = [&](const std::vector<std::string>& active) {
    run_.clear_expectations();
    JudgeExpectations({&expectation, 1}, active, stage, run_);
    return run_.expectations_size();
  };
  EXPECT_EQ(judged({}), 0);
  EXPECT_EQ(judged({"other", "cut2", "cut.x"}), 0);
  EXPECT_EQ(judged({"other", "cut"}), 1);
  EXPECT_EQ(judged({"cut.2"}), 1);
}

TEST_F(ExpectationTest, SummaryIsOfTheWorst) {
  EXPECT_EQ(SummarizeExpectations(run_), "");
  const std::vector<std::string> active = {"cut"};
  Expectation unknown = Expect(Reachability::kUnreachable);
  unknown.to = "nobody";
  const std::vector<Expectation> expectations = {unknown, Expect(Reachability::kReachable),
                                                 Expect(Reachability::kUnreachable)};
  JudgeExpectations(expectations, active, OneWayStage(kEach), run_);
  EXPECT_EQ(SummarizeExpectations(run_),
            "one-way: not as expected, as said: lon-1 → par-1 (IPv4): 0 of 12 probes arrived; and 1 more");
}

}  // namespace
}  // namespace faultline
