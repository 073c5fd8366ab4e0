#include "controller/report/tcp_verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "common/timeline_codec.h"
#include "controller/report/summary.h"
#include "controller/report/verdict.h"
#include "tests/unit/report/tcp_fleet.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr Duration kTcpT0 = seconds(1000);
constexpr int kUsualMs = 2;

// How an attempt ends, and how long its answer takes.
struct End {
  void (v1::TcpWindow::*set)(std::uint32_t);
  int ms = 0;
};
const End kConnected = {&v1::TcpWindow::set_connected, kUsualMs};
const End kRefused = {&v1::TcpWindow::set_refused, kUsualMs};
const End kSilent = {&v1::TcpWindow::set_timed_out};
const End kUnreachable = {&v1::TcpWindow::set_unreachable};

// A run of one or more steps of London's packets to Paris from 10 s to 20 s. UDP probes all arrive.
class TcpVerdictTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (Duration time(0); time < seconds(30); time += milliseconds(100)) {
      for (const ProbeNode& a : fleet_.nodes) {
        for (const ProbeNode& b : fleet_.nodes) {
          if (a.name != b.name) ReportProbe(a.name, b.name, time);
        }
      }
    }
  }
  void ReportProbe(const NodeName& reporter, const NodeName& peer, Duration time) {
    v1::Observation observation;
    v1::ProbeWindow& window = *observation.add_windows();
    window.set_peer(peer.text());
    window.set_family(v1::FAMILY_IPV4);
    *window.mutable_start() = EncodeDuration(kTcpT0 + time);
    window.set_sent(1);
    window.set_received(1);
    ASSERT_TRUE(log_.Add(reporter, observation).ok());
  }
  // An attempt every half second of [start, end), each of which ends so.
  void Dial(const TcpEdge& edge, Duration start, Duration end, const std::function<End(Duration)>& how) {
    for (Duration time = start; time < end; time += milliseconds(500)) {
      v1::Observation observation;
      v1::TcpWindow& window = *observation.add_tcp_windows();
      window.set_peer(edge.to.text());
      window.set_family(v1::FAMILY_IPV4);
      window.set_port(edge.port);
      *window.mutable_start() = EncodeDuration(kTcpT0 + time);
      const End ended = how(time);
      (window.*ended.set)(1);
      if (ended.ms > 0) *window.mutable_sum_time() = EncodeDuration(milliseconds(ended.ms));
      ASSERT_TRUE(tcp_log_.Add(edge.from, observation).ok());
    }
  }
  // The same of every edge: before the steps, and while they act.
  void DialAll(End before, const std::function<End(const TcpEdge&, Duration)>& during) {
    for (const TcpEdge& edge : fleet_.Find().edges) {
      Dial(edge, Duration(0), seconds(10), [&](Duration) { return before; });
      Dial(edge, seconds(10), seconds(20), [&](Duration time) { return during(edge, time); });
    }
  }
  static std::function<End(const TcpEdge&, Duration)> Outward(End end, End other = kConnected) {
    return [end, other](const TcpEdge& edge, Duration) { return edge.from.text().starts_with("lon") ? end : other; };
  }

  v1::StageVerdict Judge() {
    const std::vector<TcpEdge> edges = fleet_.Find().edges;
    const ProbedRun run = {fleet_.nodes, fleet_.timelines, 7401, nullptr, edges};
    const Evidence evidence = {.log = log_, .t0 = ControllerTime(kTcpT0), .tcp_log = &tcp_log_};
    const v1::StageVerdict baseline = JudgeStage({.name = "baseline", .end = seconds(10)}, run, evidence);
    EXPECT_TRUE(baseline.agrees());
    Stage stage = {.name = "step", .start = seconds(10), .end = seconds(20)};
    for (const Step& step : fleet_.timelines.begin()->second.steps) stage.active.push_back(step.index);
    Evidence later = evidence;
    later.baseline = &baseline;
    return JudgeStage(stage, run, later);
  }
  static v1::TcpVerdict Of(const v1::StageVerdict& stage, const std::string& from, const std::string& to,
                           std::uint32_t port) {
    for (const v1::TcpVerdict& edge : stage.tcp()) {
      if (edge.from() == from && edge.to() == to && edge.port() == port) return edge;
    }
    ADD_FAILURE() << from << " to " << to << " is not judged";
    return {};
  }

  TcpFleet fleet_;
  ProbeLog log_;
  TcpLog tcp_log_{milliseconds(100)};
};

TEST_F(TcpVerdictTest, ACutOfOnePortOneWayIsMeasured) {
  fleet_.Add(TcpFleet::StepOf(Drop{}, TcpFleet::ToPort(3001)));
  DialAll(kConnected, Outward(kSilent));
  const v1::StageVerdict stage = Judge();
  EXPECT_TRUE(stage.agrees());
  EXPECT_FALSE(stage.unseen());
  EXPECT_EQ(stage.tcp_size(), 8);
  const v1::TcpVerdict cut = Of(stage, "lon-1", "par-1", 3001);
  EXPECT_FALSE(cut.planned_reachable());
  EXPECT_FALSE(cut.planned_refused());
  EXPECT_TRUE(cut.touched());
  EXPECT_EQ(cut.observed(), v1::REACH_CUT);
  EXPECT_EQ(cut.timed_out(), 19u);
  const v1::TcpVerdict open = Of(stage, "par-1", "lon-1", 3001);
  EXPECT_TRUE(open.planned_reachable());
  EXPECT_FALSE(open.touched());
  EXPECT_EQ(open.observed(), v1::REACH_OPEN);
}

TEST_F(TcpVerdictTest, AFaultThatDidNotTakeIsToldAndSoIsOneThatHitsMore) {
  fleet_.Add(TcpFleet::StepOf(Drop{}, TcpFleet::ToPort(3001)));
  DialAll(kConnected, Outward(kConnected, kSilent));
  const v1::StageVerdict stage = Judge();
  EXPECT_FALSE(stage.agrees());
  EXPECT_FALSE(Agrees(Of(stage, "lon-1", "par-1", 3001)));
  EXPECT_FALSE(Agrees(Of(stage, "par-1", "lon-1", 3001)));
}

TEST_F(TcpVerdictTest, WithoutAttemptsTheStageIsJudgedByItsCountersAsEver) {
  fleet_.Add(TcpFleet::StepOf(Drop{}, TcpFleet::ToPort(3001)));
  const v1::StageVerdict stage = Judge();
  EXPECT_TRUE(stage.unseen());
  EXPECT_TRUE(stage.agrees());
  EXPECT_EQ(Of(stage, "lon-1", "par-1", 3001).observed(), v1::REACH_UNSPECIFIED);
}

// What is known of others does not show the fault.
TEST_F(TcpVerdictTest, OnlyWhatAFaultTouchesShowsIt) {
  fleet_.Add(TcpFleet::StepOf(Drop{}, TcpFleet::ToPort(3001)));
  Dial(TcpEdgeOf("par-1", "lon-1", 3001), seconds(10), seconds(20), [](Duration) { return kConnected; });
  EXPECT_TRUE(Judge().unseen());
  Dial(TcpEdgeOf("lon-1", "par-1", 3001), seconds(10), seconds(20), [](Duration) { return kSilent; });
  EXPECT_FALSE(Judge().unseen());
}

TEST_F(TcpVerdictTest, RefusedIsOpenWhereNothingRejects) {
  fleet_.Add(TcpFleet::StepOf(Drop{}, TcpFleet::ToPort(3001)));
  DialAll(kRefused, Outward(kSilent, kRefused));
  EXPECT_TRUE(Judge().agrees());
  EXPECT_EQ(Of(Judge(), "par-1", "lon-1", 3001).observed(), v1::REACH_OPEN);
  // And so a drop that answers is none.
  Dial(TcpEdgeOf("lon-1", "par-1", 3001), seconds(10), seconds(20), [](Duration) { return kRefused; });
  EXPECT_EQ(Of(Judge(), "lon-1", "par-1", 3001).observed(), v1::REACH_LOSSY);
  EXPECT_FALSE(Judge().agrees());
}

TEST_F(TcpVerdictTest, AServiceThatGoesAwayLeavesTheWayOpen) {
  fleet_.Add(TcpFleet::StepOf(Drop{}, TcpFleet::ToPort(3001)));
  DialAll(kConnected, Outward(kSilent, kRefused));
  EXPECT_EQ(Of(Judge(), "par-1", "lon-1", 3001).observed(), v1::REACH_OPEN);
  EXPECT_TRUE(Judge().agrees());
}

// The reset itself is lost on its way back, be it where it leaves or where it comes in.
TEST_F(TcpVerdictTest, ARefusalThatIsCutOffIsNone) {
  fleet_.Add(TcpFleet::StepOf(Reject{}, TcpFleet::ToPort(3001)));
  fleet_.Add(TcpFleet::StepOf(Drop{}, {.protocol = Protocol::kTcp, .source_ports = {{3001, 3001}}}));
  for (const bool at_paris : {true, false}) {
    for (auto& [name, timeline] : fleet_.timelines) {
      const bool paris = name.text().starts_with("par");
      timeline.steps[1].rules.clear();
      if (paris && at_paris) timeline.steps[1].rules = {{.side = Side::kSender, .match = {.destinations = 0}}};
      if (!paris && !at_paris) timeline.steps[1].rules = {{.match = {.sources = 1}}};
    }
    const v1::TcpVerdict edge = Of(Judge(), "lon-1", "par-1", 3001);
    EXPECT_FALSE(edge.planned_reachable());
    EXPECT_FALSE(edge.planned_refused());
  }
}

TEST_F(TcpVerdictTest, ARejectRefusesWhatWasConnected) {
  fleet_.Add(TcpFleet::StepOf(Reject{}, TcpFleet::ToPort(3001)));
  DialAll(kConnected, Outward(kRefused));
  const v1::StageVerdict stage = Judge();
  EXPECT_TRUE(stage.agrees());
  EXPECT_FALSE(stage.unseen());
  EXPECT_TRUE(Of(stage, "lon-1", "par-1", 3001).planned_refused());
  EXPECT_EQ(Of(stage, "lon-1", "par-1", 3001).observed(), v1::REACH_CUT);
}

TEST_F(TcpVerdictTest, ARejectThatIsSilentIsNone) {
  fleet_.Add(TcpFleet::StepOf(Reject{}, TcpFleet::ToPort(3001)));
  DialAll(kConnected, Outward(kSilent));
  EXPECT_FALSE(Judge().agrees());
}

TEST_F(TcpVerdictTest, ARejectMayAnswerByIcmp) {
  fleet_.Add(TcpFleet::StepOf(Reject{}, TcpFleet::ToPort(3001)));
  DialAll(kConnected, Outward(kUnreachable));
  EXPECT_TRUE(Judge().agrees());
}

// A reset of the fault's and one of a node without a service look the same.
TEST_F(TcpVerdictTest, ARejectOfWhatWasRefusedBeforeTellsNothing) {
  fleet_.Add(TcpFleet::StepOf(Reject{}, TcpFleet::ToPort(3001)));
  DialAll(kRefused, Outward(kRefused, kRefused));
  const v1::StageVerdict stage = Judge();
  EXPECT_TRUE(stage.unseen());
  EXPECT_TRUE(stage.agrees());
  EXPECT_EQ(Of(stage, "lon-1", "par-1", 3001).observed(), v1::REACH_UNSPECIFIED);
  EXPECT_EQ(Of(stage, "par-1", "lon-1", 3001).observed(), v1::REACH_OPEN);
}

TEST_F(TcpVerdictTest, WithoutABaselineARefusalThatMayBeAFaultsTellsNothing) {
  fleet_.Add(TcpFleet::StepOf(Reject{}, TcpFleet::ToPort(3001)));
  for (const TcpEdge& edge : fleet_.Find().edges) {
    Dial(edge, seconds(10), seconds(20), [](Duration) { return kRefused; });
  }
  const v1::StageVerdict stage = Judge();
  EXPECT_TRUE(stage.unseen());
  EXPECT_EQ(Of(stage, "lon-1", "par-1", 3001).observed(), v1::REACH_UNSPECIFIED);
}

TEST_F(TcpVerdictTest, ARejectThatGoesOnAfterItsEndIsToldByTheBaseline) {
  fleet_.Add(TcpFleet::StepOf(Reject{}, TcpFleet::ToPort(3001)));
  DialAll(kConnected, Outward(kRefused));
  const std::vector<TcpEdge> edges = fleet_.Find().edges;
  const ProbedRun run = {fleet_.nodes, fleet_.timelines, 7401, nullptr, edges};
  Evidence evidence = {.log = log_, .t0 = ControllerTime(kTcpT0), .tcp_log = &tcp_log_};
  const v1::StageVerdict baseline = JudgeStage({.name = "baseline", .end = seconds(10)}, run, evidence);
  evidence.baseline = &baseline;
  // As if the step were over.
  const v1::StageVerdict healed =
      JudgeStage({.name = "healed", .start = seconds(10), .end = seconds(20)}, run, evidence);
  EXPECT_FALSE(healed.agrees());
  EXPECT_EQ(Of(healed, "lon-1", "par-1", 3001).observed(), v1::REACH_CUT);
}

TEST_F(TcpVerdictTest, ARejectedAnswerIsNoAnswer) {
  // Paris's answers from 3001 come to London, where they are refused, to Paris.
  PacketFilter filter = {.protocol = Protocol::kTcp, .source_ports = {{3001, 3001}}};
  fleet_.Add(TcpFleet::StepOf(Reject{}, filter));
  DialAll(kConnected, Outward(kConnected, kSilent));
  const v1::StageVerdict stage = Judge();
  EXPECT_FALSE(Of(stage, "par-1", "lon-1", 3001).planned_refused());
  EXPECT_FALSE(Of(stage, "par-1", "lon-1", 3001).planned_reachable());
  EXPECT_TRUE(stage.agrees()) << DescribeEdge(stage.edges(0));
}

TEST_F(TcpVerdictTest, DelayIsThereAndBackAndMeasuredAgainstTheBaseline) {
  fleet_.Add(TcpFleet::StepOf(Impairment{.delay = milliseconds(80)}, TcpFleet::AtPort(3001)));
  DialAll(kConnected,
          Outward({&v1::TcpWindow::set_connected, kUsualMs + 160}, {&v1::TcpWindow::set_connected, kUsualMs + 160}));
  const v1::StageVerdict stage = Judge();
  const v1::TcpVerdict edge = Of(stage, "lon-1", "par-1", 3001);
  EXPECT_EQ(DecodeDuration(edge.planned_delay()).value(), milliseconds(160));
  EXPECT_EQ(DecodeDuration(edge.observed_delay()).value(), milliseconds(160));
  EXPECT_EQ(edge.delay(), v1::JUDGEMENT_AS_PLANNED);
  EXPECT_TRUE(stage.agrees());
}

TEST_F(TcpVerdictTest, DelayThatIsMissingIsTold) {
  fleet_.Add(TcpFleet::StepOf(Impairment{.delay = milliseconds(80)}, TcpFleet::ToPort(3001)));
  DialAll(kConnected, Outward(kConnected));
  EXPECT_EQ(Of(Judge(), "lon-1", "par-1", 3001).delay(), v1::JUDGEMENT_OFF);
  EXPECT_FALSE(Judge().agrees());
}

TEST_F(TcpVerdictTest, AnswersThatAreLaterThanAnAttemptWaitsAreNotJudged) {
  fleet_.Add(TcpFleet::StepOf(Impairment{.delay = milliseconds(760)}, TcpFleet::ToPort(3001)));
  DialAll(kConnected, Outward(kSilent));
  const v1::StageVerdict stage = Judge();
  EXPECT_EQ(stage.tcp_size(), 4);
  EXPECT_TRUE(stage.agrees());
  EXPECT_TRUE(stage.unseen());
}

TEST_F(TcpVerdictTest, AShareIsJudged) {
  fleet_.Add(TcpFleet::StepOf(Impairment{.loss = Ratio::Percent(50)}, TcpFleet::ToPort(3001)));
  DialAll(kConnected, [](const TcpEdge& edge, Duration time) {
    return edge.from.text().starts_with("lon") && time / milliseconds(500) % 2 == 0 ? kSilent : kConnected;
  });
  const v1::TcpVerdict edge = Of(Judge(), "lon-1", "par-1", 3001);
  EXPECT_DOUBLE_EQ(edge.planned_share(), 0.5);
  EXPECT_EQ(edge.observed(), v1::REACH_LOSSY);
}

// Both directions are gone at the same time: half of the attempts get through, not a quarter.
TEST_F(TcpVerdictTest, AFlapMeetsBothDirectionsAtOnce) {
  Step step = TcpFleet::StepOf(Drop{}, TcpFleet::AtPort(3001));
  step.flap = Flap{.down = seconds(1), .up = seconds(1)};
  fleet_.Add(step);
  DialAll(kConnected, [](const TcpEdge&, Duration time) { return time / seconds(1) % 2 == 0 ? kSilent : kConnected; });
  const v1::StageVerdict stage = Judge();
  const v1::TcpVerdict edge = Of(stage, "lon-1", "par-1", 3001);
  EXPECT_NEAR(edge.planned_share(), 0.5, 0.01);
  EXPECT_EQ(edge.share(), v1::JUDGEMENT_AS_PLANNED);
  EXPECT_TRUE(stage.agrees());
}

TEST_F(TcpVerdictTest, TheSummaryNamesTheWorstAndCountsConnections) {
  fleet_.Add(TcpFleet::StepOf(Drop{}, TcpFleet::ToPort(3001)));
  DialAll(kConnected, Outward(kSilent));
  google::protobuf::RepeatedPtrField<v1::StageVerdict> stages;
  *stages.Add() = Judge();
  EXPECT_EQ(Summarize(stages), "every observation equalled the plan: 1 stage, 12 edges, 8 connections");
  Dial(TcpEdgeOf("lon-1", "par-1", 3001), seconds(10), seconds(20), [](Duration) { return kConnected; });
  *stages.Mutable(0) = Judge();
  EXPECT_EQ(Summarize(stages),
            "step: lon-1 → par-1 port 3001 (IPv4) was planned cut but of its attempts 19 connected, 19 timed out");
}

}  // namespace
}  // namespace faultline
