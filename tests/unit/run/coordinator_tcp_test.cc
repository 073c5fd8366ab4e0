// Connections to the ports that a run's faults name: who is told to dial whom, and what comes of it.

#include "common/timeline_codec.h"
#include "controller/report/tcp_config.h"
#include "controller/report/verdict.h"
#include "tests/unit/run/coordinator_harness.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kPorts[] =
    "name: ports\ngroups:\n  london: {cidrs: [172.32.0.0/16]}\n  paris: {cidrs: [172.33.0.0/16]}\n"
    "steps:\n  - {at: 5s, for: 10s, name: shut, block: {from: london, to: paris, protocol: tcp, ports: 3001}}\n";

class CoordinatorTcpTest : public CoordinatorTest {
 protected:
  std::vector<v1::TcpProbeConfig> Told(FakeAgent& agent) {
    std::vector<v1::TcpProbeConfig> configs;
    for (const v1::SessionResponse& message : agent.Take(v1::SessionResponse::kTcpProbeConfig)) {
      configs.push_back(message.tcp_probe_config());
    }
    return configs;
  }
  // London dials Paris, twice a second of [from, to) after T0.
  void ReportAttempts(Duration from, Duration to, void (v1::TcpWindow::*outcome)(std::uint32_t)) {
    for (Duration at = from; at < to; at += milliseconds(500)) {
      v1::Observation observation;
      v1::TcpWindow& window = *observation.add_tcp_windows();
      window.set_peer("par-1");
      window.set_family(v1::FAMILY_IPV4);
      window.set_port(3001);
      const Duration start = (t0_.time_since_epoch() + at) / milliseconds(100) * milliseconds(100);
      *window.mutable_start() = EncodeDuration(start);
      (window.*outcome)(1);
      coordinator_->OnObservation(london_.name(), observation);
    }
  }
  std::string Fired() {
    std::string id = BeginAndFire(kPorts);
    t0_ = ControllerTime(clock_.Now().time_since_epoch() + milliseconds(500));
    ReportProbes(Duration(0), kLength, Duration(0), Duration(0));
    return id;
  }
  v1::Run Finish(const std::string& id) {
    Pass(kLength + milliseconds(600));
    for (FakeAgent* agent : {&london_, &paris_}) {
      agent->ReportEnd(*coordinator_, id, v1::NODE_END_COMPLETED, 12);
    }
    Pass(seconds(3));
    return Get(id);
  }

  ControllerTime t0_;
};

TEST_F(CoordinatorTcpTest, NodesDialForAsLongAsTheRunGoesOn) {
  const std::string id = Begin(kPorts);
  const std::vector<v1::TcpProbeConfig> told = Told(london_);
  ASSERT_THAT(told, SizeIs(1));
  ASSERT_EQ(told[0].targets_size(), 1);
  EXPECT_EQ(told[0].targets(0).peer(), "par-1");
  EXPECT_EQ(told[0].targets(0).port(), 3001u);
  EXPECT_THAT(told[0].dialled_ports(), ElementsAre(3001));
  // Arming, the run, and its lease.
  EXPECT_GE(DecodeDuration(told[0].lasts()).value(), seconds(10) + kLength + seconds(15));
  EXPECT_THAT(Told(paris_), SizeIs(1));
  Fire(id);
  EXPECT_THAT(Told(london_), IsEmpty());
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "enough").ok());
  const std::vector<v1::TcpProbeConfig> after = Told(london_);
  ASSERT_THAT(after, SizeIs(1));
  EXPECT_EQ(after[0].SerializeAsString(), "");
  End(id);
  EXPECT_THAT(Told(london_), IsEmpty());
}

TEST_F(CoordinatorTcpTest, ARunThatIsHeldKeepsThemDialling) {
  const std::string id = BeginAndFire(absl::StrCat("wait_verified: 20s\n", kPorts));
  ReportProbes(Duration(0), seconds(60), Duration(0), seconds(8));
  const Duration before = DecodeDuration(Told(london_).back().lasts()).value();
  Pass(seconds(15));
  const std::vector<v1::TcpProbeConfig> told = Told(london_);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].targets_size(), 1);
  const v1::Run run = Get(id);
  EXPECT_GT(DecodeDuration(run.length()).value(), kLength + seconds(4));
  // It goes on from where it stood when that was told.
  const Duration held = DecodeDuration(run.length()).value() - kLength;
  EXPECT_GT(DecodeDuration(told[0].lasts()).value(), before - seconds(15) + held - milliseconds(500));
}

TEST_F(CoordinatorTcpTest, ANodeThatComesBackIsToldAgain) {
  const std::string id = Fired();
  Told(london_);
  coordinator_->OnJoin(london_.name(), {id});
  ASSERT_THAT(Told(london_), SizeIs(1));
  Finish(id);
  Told(london_);
  coordinator_->OnJoin(london_.name(), {});
  const std::vector<v1::TcpProbeConfig> told = Told(london_);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].SerializeAsString(), "");
}

TEST_F(CoordinatorTcpTest, WhatTheySawIsTheVerdict) {
  const std::string id = Fired();
  ReportAttempts(Duration(0), seconds(5), &v1::TcpWindow::set_connected);
  ReportAttempts(seconds(5), seconds(15), &v1::TcpWindow::set_timed_out);
  ReportAttempts(seconds(15), kLength, &v1::TcpWindow::set_connected);
  const v1::Run run = Finish(id);
  EXPECT_EQ(run.outcome(), v1::OUTCOME_VERIFIED) << run.summary();
  ASSERT_EQ(run.stages_size(), 3);
  EXPECT_FALSE(run.stages(1).unseen());
  EXPECT_THAT(run.summary(), HasSubstr("3 connections"));
  ASSERT_THAT(run.stages(1).tcp(), SizeIs(2));
  EXPECT_EQ(run.stages(1).tcp(0).observed(), v1::REACH_CUT);
  EXPECT_EQ(run.stages(2).tcp(0).observed(), v1::REACH_OPEN);
}

TEST_F(CoordinatorTcpTest, AFaultThatDidNotTakeIsNotVerifiedThoughItsRulesCounted) {
  const std::string id = Fired();
  ReportAttempts(Duration(0), kLength, &v1::TcpWindow::set_connected);
  const v1::Run run = Finish(id);
  EXPECT_EQ(run.outcome(), v1::OUTCOME_NOT_VERIFIED);
  EXPECT_THAT(run.summary(), HasSubstr("shut: lon-1 → par-1 port 3001 (IPv4) was planned cut but of its attempts"));
}

TEST_F(CoordinatorTcpTest, AStageWaitsForTheLastAnswers) {
  const std::string id = Fired();
  Pass(seconds(5) + milliseconds(500) + kSettle + kTcpTimeout - milliseconds(50));
  EXPECT_THAT(Get(id).stages(), IsEmpty());
  Pass(milliseconds(150));
  EXPECT_THAT(Get(id).stages(), SizeIs(1));
}

TEST_F(CoordinatorTcpTest, RunsWithoutPortsDialNobody) {
  BeginAndFire();
  EXPECT_THAT(Told(london_), IsEmpty());
}

TEST_F(CoordinatorTcpTest, NorDoAnyWhereItIsSwitchedOff) {
  tcp_probes_ = false;
  Start();
  const std::string id = Fired();
  EXPECT_THAT(Told(london_), IsEmpty());
  const v1::Run run = Finish(id);
  EXPECT_TRUE(run.stages(1).unseen());
  EXPECT_EQ(run.outcome(), v1::OUTCOME_VERIFIED) << run.summary();
}

}  // namespace
}  // namespace faultline
