#include "common/timeline_codec.h"
#include "controller/report/verdict.h"
#include "controller/run/waits.h"
#include "tests/unit/run/coordinator_harness.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Duration kLease = seconds(15);

// Observations that come when a stage could have been judged long ago.
class LateObservationsTest : public CoordinatorTest {
 protected:
  explicit LateObservationsTest(std::size_t most = ProbeLog::kMost) : CoordinatorTest(most) {}

  // The node says that it has told all it saw until `until` after T0, and how many windows it has lost so far.
  void ReportUntil(const FakeAgent& agent, const std::string& id, Duration until, std::uint64_t lost = 0) {
    v1::Observation observation;
    observation.set_number(++numbers_);
    observation.set_dropped(lost);
    *observation.mutable_until() = EncodeDuration(t0_.at(id).time_since_epoch() + until);
    coordinator_->OnObservation(agent.name(), observation);
  }
  std::string Fired() {
    const std::string id = BeginAndFire();
    t0_[id] = ControllerTime(clock_.Now().time_since_epoch() + milliseconds(500));
    return id;
  }

  std::map<std::string, ControllerTime> t0_;
  std::uint64_t numbers_ = 0;
};

TEST_F(LateObservationsTest, StageWaitsForANodeThatIsCutOff) {
  const std::string id = Fired();
  ReportProbes(Duration(0), kLength, seconds(5), seconds(15));
  ReportUntil(paris_, id, seconds(4));
  Pass(seconds(5) + milliseconds(600) + kSettle);
  EXPECT_THAT(Get(id).stages(), IsEmpty());
  ReportUntil(paris_, id, seconds(5));
  Pass(milliseconds(100));
  EXPECT_THAT(Get(id).stages(), SizeIs(1));
  EXPECT_THAT(Get(id).warnings(), IsEmpty());
}

// As if the fleet were large: what is remembered are some ten seconds.
class ShortMemoryTest : public LateObservationsTest {
 protected:
  ShortMemoryTest() : LateObservationsTest(100) {}
};

TEST_F(ShortMemoryTest, NobodyIsWaitedForWhileTheStageIsForgotten) {
  const std::string id = Fired();
  ReportProbes(Duration(0), kLength, seconds(5), seconds(15));
  ASSERT_GT(probes_.forgotten(), t0_.at(id));
  ReportUntil(paris_, id, seconds(4));
  Pass(seconds(5) + milliseconds(600) + kSettle);
  EXPECT_THAT(Get(id).stages(), SizeIs(1));
  EXPECT_THAT(Get(id).warnings(),
              ElementsAre("baseline was judged without all observations of par-1, which did not deliver them in time"));
}

TEST_F(ShortMemoryTest, TheCourseOfLossAndDelayBeginsWithWhatIsRemembered) {
  const std::string id = Fired();
  ReportProbes(-seconds(3), kLength, seconds(5), seconds(15));
  ASSERT_GT(probes_.forgotten(), t0_.at(id) + seconds(5));
  Pass(kLength + milliseconds(600));
  for (FakeAgent* agent : {&london_, &paris_}) agent->ReportEnd(*coordinator_, id, v1::NODE_END_COMPLETED);
  Pass(seconds(2));
  const v1::Run run = Get(id);
  ASSERT_THAT(run.series(), SizeIs(2));
  const ControllerTime start = t0_.at(id) + DecodeDuration(run.series(0).start()).value();
  EXPECT_GE(start, probes_.forgotten());
  EXPECT_LT(start, *probes_.forgotten() + seconds(1));
  EXPECT_GT(run.series(0).sent(0), 0u);
  EXPECT_EQ(run.stages(1).name(), "cut");
  EXPECT_EQ(t0_.at(id) + DecodeDuration(run.stages(1).observed_from()).value(), probes_.forgotten());
}

TEST_F(LateObservationsTest, RunEndsOnlyWhenAllItsStagesAreJudged) {
  const std::string id = Fired();
  ReportProbes(Duration(0), kLength, seconds(5), seconds(15));
  ReportUntil(paris_, id, seconds(14));
  Pass(kLength + milliseconds(600) + kSettle);
  End(id, v1::NODE_END_COMPLETED);
  Pass(seconds(1));
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_RUNNING);
  ReportUntil(paris_, id, kLength);
  Pass(milliseconds(100));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_VERIFIED) << Get(id).summary();
}

TEST_F(LateObservationsTest, NodeThatStaysAwayIsNamed) {
  const std::string id = Fired();
  ReportUntil(paris_, id, seconds(4));
  Pass(seconds(5) + milliseconds(600) + kSettle + kLease);
  ASSERT_THAT(Get(id).stages(), SizeIs(1));
  EXPECT_THAT(Get(id).warnings(),
              ElementsAre("baseline was judged without all observations of par-1, which did not deliver them in time"));
  Pass(kLength + kLease + kGivingUpAfterLease);
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_ENDED);
  EXPECT_THAT(Get(id).stages(), SizeIs(3));
}

TEST_F(LateObservationsTest, WhatIsSentTwiceCountsOnce) {
  const std::string id = Fired();
  v1::Observation sent;
  sent.set_number(1);
  Fill(*sent.add_windows(), "par-1", seconds(1000)).set_sent(3);
  for (int i = 0; i < 2; ++i) coordinator_->OnObservation(london_.name(), sent);
  const ProbeSum sum = probes_.Sum({.from = london_.name(), .to = paris_.name(), .family = Family::kIpv4},
                                   ControllerTime(seconds(999)), ControllerTime(seconds(1001)));
  EXPECT_EQ(sum.sent, 3u);
}

TEST_F(LateObservationsTest, NodesAreToldWhatWasTaken) {
  const std::string id = Fired();
  for (int i = 0; i < 3; ++i) ReportUntil(paris_, id, Duration(0));
  paris_.Take(v1::SessionResponse::kHeartbeat);
  london_.Take(v1::SessionResponse::kHeartbeat);
  Pass(seconds(3));
  EXPECT_EQ(paris_.Take(v1::SessionResponse::kHeartbeat).back().heartbeat().observations_taken(), 3u);
  EXPECT_EQ(london_.Take(v1::SessionResponse::kHeartbeat).back().heartbeat().observations_taken(), 0u);
}

TEST_F(LateObservationsTest, LostWindowsAreOnTheRecordOfTheRun) {
  const std::string id = Fired();
  ReportUntil(paris_, id, Duration(0), 0);
  EXPECT_THAT(Get(id).warnings(), IsEmpty());
  for (const std::uint64_t lost : {40, 50}) ReportUntil(paris_, id, Duration(0), lost);
  EXPECT_THAT(Get(id).warnings(), ElementsAre("par-1: some of its observations were lost there"));
  EXPECT_THAT(events_.Texts(v1::EVENT_KIND_OBSERVATIONS_DROPPED),
              ElementsAre("40 windows were lost there", "10 windows were lost there"));
}

}  // namespace
}  // namespace faultline
