#include "controller/run/coordinator_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/run/coordinator_harness.h"

namespace faultline {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class CoordinatorStatusTest : public CoordinatorTest {
 protected:
  CoordinatorStatus::Run OnlyRun() {
    const CoordinatorStatus status = coordinator_->status();
    EXPECT_THAT(status.runs, SizeIs(1));
    return status.runs.at(0);
  }
  void Tell(FakeAgent& agent, const std::string& run, v1::Transition transition, Duration planned, Duration actual) {
    v1::StepEvent event;
    event.set_run_id(run);
    event.mutable_transition()->set_transition(transition);
    *event.mutable_transition()->mutable_planned() = EncodeDuration(planned);
    *event.mutable_transition()->mutable_actual() = EncodeDuration(actual);
    coordinator_->OnStepEvent(agent.name(), event);
  }
};

TEST_F(CoordinatorStatusTest, NothingIsGoingOnAtFirst) {
  const CoordinatorStatus status = coordinator_->status();
  EXPECT_THAT(status.runs, IsEmpty());
  EXPECT_THAT(status.ended, IsEmpty());
  EXPECT_EQ(status.lateness, StepLateness());
  EXPECT_THAT(status.probes, IsEmpty());
}

TEST_F(CoordinatorStatusTest, AFaultActsDuringItsStep) {
  const std::string id = Begin();
  EXPECT_EQ(OnlyRun().phase, RunPhase::kArming);
  EXPECT_EQ(OnlyRun().left, std::nullopt);
  Fire(id);
  Pass(milliseconds(4500));  // T0 was half a second ahead.
  EXPECT_EQ(OnlyRun().phase, RunPhase::kRunning);
  EXPECT_EQ(OnlyRun().left, kLength - seconds(4));
  EXPECT_THAT(OnlyRun().faults, IsEmpty());
  Pass(seconds(3));
  const CoordinatorStatus::Run run = OnlyRun();
  EXPECT_EQ(run.id, id);
  EXPECT_EQ(run.plan, "split");
  ASSERT_THAT(run.faults, SizeIs(1));
  EXPECT_EQ(run.faults[0].step, "cut");
  EXPECT_EQ(run.faults[0].left, seconds(8));
  Pass(seconds(9));
  EXPECT_THAT(OnlyRun().faults, IsEmpty());
}

TEST_F(CoordinatorStatusTest, NodesThatAreGoneAreCountedUntilTheirEndIsKnown) {
  const std::string id = BeginAndFire();
  Pass(seconds(7));
  EXPECT_EQ(OnlyRun().nodes, 2);
  EXPECT_EQ(OnlyRun().gone, 0);
  paris_.Leave(fleet_);
  EXPECT_EQ(OnlyRun().gone, 1);
  EXPECT_THAT(OnlyRun().faults, SizeIs(1));
  london_.ReportEnd(*coordinator_, id, v1::NODE_END_LOCAL_HEAL);
  EXPECT_EQ(OnlyRun().nodes, 1);
  EXPECT_EQ(OnlyRun().gone, 1);
  paris_.ReportEnd(*coordinator_, id, v1::NODE_END_LEASE_LOST);
  EXPECT_EQ(OnlyRun().nodes, 0);
  EXPECT_EQ(OnlyRun().gone, 0);
  EXPECT_THAT(OnlyRun().faults, IsEmpty());
}

TEST_F(CoordinatorStatusTest, AFaultActsAfterAnAbortUntilEveryNodeHasLetGo) {
  const std::string id = BeginAndFire();
  Pass(seconds(7));
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "enough").ok());
  EXPECT_EQ(OnlyRun().phase, RunPhase::kReleasing);
  EXPECT_THAT(OnlyRun().faults, SizeIs(1));
  End(id);
  EXPECT_THAT(coordinator_->status().runs, IsEmpty());
}

TEST_F(CoordinatorStatusTest, EndsAreCountedByOutcome) {
  const std::string id = BeginAndFire();
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "enough").ok());
  EXPECT_THAT(coordinator_->status().ended, IsEmpty());
  End(id);
  const std::string refused = Begin();
  london_.AnswerRefused(*coordinator_, refused, "no");
  End(refused);
  const std::map<v1::Outcome, std::uint64_t> expected = {{v1::OUTCOME_ABORTED, 1}, {v1::OUTCOME_REFUSED, 1}};
  EXPECT_EQ(coordinator_->status().ended, expected);
}

TEST_F(CoordinatorStatusTest, LatenessIsCountedOnceForEachNodeAndTransition) {
  const std::string id = BeginAndFire();
  Tell(london_, id, v1::TRANSITION_FIRED, seconds(5), seconds(5) + microseconds(40));
  Tell(london_, id, v1::TRANSITION_FIRED, seconds(5), seconds(5) + microseconds(40));  // As after a new session.
  Tell(paris_, id, v1::TRANSITION_FIRED, seconds(5), seconds(5) + microseconds(60));
  Tell(paris_, id, v1::TRANSITION_HEALED, seconds(15), seconds(15) + milliseconds(2));
  const StepLateness lateness = coordinator_->status().lateness;
  EXPECT_EQ(lateness.fired.sum(), microseconds(100));
  EXPECT_EQ(lateness.healed.sum(), milliseconds(2));
}

TEST_F(CoordinatorStatusTest, ProbesAreSummedUpByRegion) {
  (*london_.info().mutable_labels())["region"] = "london";
  (*paris_.info().mutable_labels())["region"] = "paris";
  ASSERT_TRUE(london_.Join(fleet_).ok());
  ASSERT_TRUE(fleet_.Update(paris_.name(), paris_.info()).ok());
  v1::Observation seen;
  Fill(*seen.add_windows(), "par-1", seconds(900)).set_sent(3);
  coordinator_->OnObservation(london_.name(), seen);
  // What the log refuses is not counted either.
  seen.mutable_windows(0)->set_sent(1'000'000);
  coordinator_->OnObservation(london_.name(), seen);
  const auto probes = coordinator_->status().probes;
  ASSERT_THAT(probes, SizeIs(1));
  EXPECT_EQ(probes.begin()->first, (ProbeTotals::Pair{.from = "london", .to = "paris"}));
  EXPECT_EQ(probes.begin()->second.sent, 3u);
}

}  // namespace
}  // namespace faultline
