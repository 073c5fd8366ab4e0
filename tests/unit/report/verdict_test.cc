#include "controller/report/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "common/timeline_codec.h"
#include "controller/report/summary.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

IpAddress Address(absl::string_view text) { return IpAddress::Parse(text).value(); }

TEST(ReachOfTest, FollowsItsRule) {
  struct {
    std::uint32_t sent;
    std::uint32_t received;
    v1::Reach reach;
  } const cases[] = {
      {0, 0, v1::REACH_UNSPECIFIED}, {1, 1, v1::REACH_UNSPECIFIED}, {1, 0, v1::REACH_UNSPECIFIED},
      {0, 9, v1::REACH_UNSPECIFIED}, {2, 0, v1::REACH_CUT},         {500, 0, v1::REACH_CUT},
      {2, 1, v1::REACH_OPEN},        {2, 2, v1::REACH_OPEN},        {5, 4, v1::REACH_OPEN},
      {5, 3, v1::REACH_LOSSY},       {39, 38, v1::REACH_OPEN},      {39, 37, v1::REACH_LOSSY},
      {40, 38, v1::REACH_OPEN},      {40, 37, v1::REACH_LOSSY},     {1000, 950, v1::REACH_OPEN},
      {1000, 949, v1::REACH_LOSSY},  {1000, 1, v1::REACH_LOSSY},    {5, 6, v1::REACH_OPEN},
  };
  for (const auto& edge : cases) {
    EXPECT_EQ(ReachOf({.sent = edge.sent, .received = edge.received}), edge.reach)
        << edge.received << " of " << edge.sent;
  }
}

TEST(JudgeMarginTest, GrowsWithTheClockError) {
  EXPECT_EQ(JudgeMargin(Duration(0)), milliseconds(150));
  EXPECT_EQ(JudgeMargin(milliseconds(4)), milliseconds(158));
}

// Two nodes with both IP versions; in [10 s, 20 s) lon's packets to par vanish at par. T0 is at 1000 s.
class JudgeStageTest : public ::testing::Test {
 protected:
  static constexpr Duration kT0 = seconds(1000);
  // So that the margin is 200 ms.
  static constexpr Duration kClockError = milliseconds(25);
  static constexpr std::uint16_t kPort = 7401;

  explicit JudgeStageTest(std::size_t most = ProbeLog::kMost) : log_(milliseconds(100), most) {
    Timeline par;
    par.node = nodes_[1].name;
    par.length = seconds(23);
    par.prefix_sets = {PrefixSet{Prefix(*nodes_[0].ipv4), Prefix(*nodes_[0].ipv6)}};
    par.steps = {{.index = 0,
                  .name = "one-way",
                  .at = seconds(10),
                  .length = seconds(10),
                  .rules = {{.match = {.sources = 0}}}}};
    timelines_[nodes_[1].name] = par;
    Timeline lon;
    lon.node = nodes_[0].name;
    lon.length = par.length;
    timelines_[nodes_[0].name] = lon;
  }

  // A probe of each edge every 100 ms of [start, end) after T0; those from lon to par arrive unless `cut`.
  void Probe(Duration start, Duration end, bool cut, bool par_reports = true) {
    for (Duration time = start; time < end; time += milliseconds(100)) {
      Report(nodes_[0], nodes_[1], time, /*sent=*/1, /*received=*/par_reports ? 1 : 0);
      if (par_reports) Report(nodes_[1], nodes_[0], time, /*sent=*/1, /*received=*/cut ? 0 : 1);
    }
  }
  void Report(const ProbeNode& reporter, const ProbeNode& peer, Duration time, std::uint32_t sent,
              std::uint32_t received) {
    v1::Observation observation;
    for (const v1::Family family : {v1::FAMILY_IPV4, v1::FAMILY_IPV6}) {
      v1::ProbeWindow& window = *observation.add_windows();
      window.set_peer(peer.name.text());
      window.set_family(family);
      *window.mutable_start() = EncodeDuration(kT0 + time);
      window.set_sent(sent);
      window.set_received(received);
    }
    ASSERT_TRUE(log_.Add(reporter.name, observation).ok());
  }
  v1::StageVerdict Judge(const Stage& stage) {
    return JudgeStage(stage, {nodes_, timelines_, kPort}, {log_, ControllerTime(kT0), kClockError});
  }

  std::vector<ProbeNode> nodes_ = {
      {.name = NodeName("lon"), .ipv4 = Address("172.32.0.1"), .ipv6 = Address("fd20::1")},
      {.name = NodeName("par"), .ipv4 = Address("172.33.0.1"), .ipv6 = Address("fd21::1")}};
  std::map<NodeName, Timeline> timelines_;
  ProbeLog log_;
  const Stage one_way_ = {.name = "one-way", .start = seconds(10), .end = seconds(20), .active = {0}};
};

TEST_F(JudgeStageTest, AgreesWhenTheCutIsOneWay) {
  Probe(seconds(10), seconds(20), /*cut=*/true);
  const v1::StageVerdict verdict = Judge(one_way_);
  EXPECT_TRUE(verdict.agrees());
  EXPECT_EQ(verdict.name(), "one-way");
  EXPECT_EQ(DecodeDuration(verdict.start()).value(), seconds(10));
  EXPECT_EQ(DecodeDuration(verdict.end()).value(), seconds(20));
  ASSERT_EQ(verdict.edges_size(), 4);
  EXPECT_EQ(verdict.edges(0).ShortDebugString(),
            R"(from: "lon" to: "par" family: FAMILY_IPV4 sent: 96 observed: REACH_CUT)");
  EXPECT_EQ(verdict.edges(1).family(), v1::FAMILY_IPV6);
  EXPECT_EQ(verdict.edges(2).ShortDebugString(),
            R"(from: "par" to: "lon" family: FAMILY_IPV4 planned_reachable: true sent: 96 received: 96 )"
            R"(observed: REACH_OPEN)");
}

TEST_F(JudgeStageTest, DisagreesWhenTheFaultDidNotTake) {
  Probe(seconds(10), seconds(20), /*cut=*/false);
  const v1::StageVerdict verdict = Judge(one_way_);
  EXPECT_FALSE(verdict.agrees());
  EXPECT_EQ(verdict.edges(0).observed(), v1::REACH_OPEN);
}

TEST_F(JudgeStageTest, DisagreesWhenOneProbeLeaks) {
  Probe(seconds(10), seconds(20), /*cut=*/true);
  Report(nodes_[1], nodes_[0], seconds(15), /*sent=*/0, /*received=*/1);
  EXPECT_FALSE(Judge(one_way_).agrees());
}

TEST_F(JudgeStageTest, DisagreesWhenTheHealDidNotTake) {
  Probe(seconds(20), seconds(23), /*cut=*/true);
  const Stage healed = {.name = "healed", .start = seconds(20), .end = seconds(23)};
  EXPECT_FALSE(Judge(healed).agrees());
}

TEST_F(JudgeStageTest, TheMarginsAreNotJudged) {
  Probe(seconds(10), milliseconds(10'200), /*cut=*/false);
  Probe(milliseconds(10'200), milliseconds(19'800), /*cut=*/true);
  Probe(milliseconds(19'800), seconds(20), /*cut=*/false);
  EXPECT_TRUE(Judge(one_way_).agrees());
}

TEST_F(JudgeStageTest, WhatLiesWithinTheMarginsIs) {
  Probe(seconds(10), seconds(20), /*cut=*/true);
  Report(nodes_[1], nodes_[0], milliseconds(10'200), /*sent=*/0, /*received=*/1);
  EXPECT_FALSE(Judge(one_way_).agrees());
}

TEST_F(JudgeStageTest, ASilentReceiverProvesNoCut) {
  Probe(seconds(10), seconds(20), /*cut=*/true, /*par_reports=*/false);
  const v1::StageVerdict verdict = Judge(one_way_);
  EXPECT_FALSE(verdict.agrees());
  EXPECT_EQ(verdict.edges(0).observed(), v1::REACH_UNSPECIFIED);
  EXPECT_EQ(verdict.edges(0).sent(), 96u);
}

TEST_F(JudgeStageTest, AReceiverThatFellSilentProvesNoCut) {
  Probe(seconds(10), seconds(13), /*cut=*/true);
  Probe(seconds(13), seconds(20), /*cut=*/true, /*par_reports=*/false);
  EXPECT_EQ(Judge(one_way_).edges(0).observed(), v1::REACH_UNSPECIFIED);
}

TEST_F(JudgeStageTest, NothingObservedIsNoAgreement) {
  const v1::StageVerdict verdict = Judge(one_way_);
  EXPECT_FALSE(verdict.agrees());
  for (const v1::EdgeVerdict& edge : verdict.edges()) EXPECT_EQ(edge.observed(), v1::REACH_UNSPECIFIED);
}

TEST_F(JudgeStageTest, AStageTooShortForItsMarginsIsNotKnown) {
  Probe(seconds(10), seconds(20), /*cut=*/true);
  const Stage brief = {.name = "brief", .start = seconds(10), .end = milliseconds(10'100), .active = {0}};
  EXPECT_FALSE(Judge(brief).agrees());
  EXPECT_EQ(Judge(brief).edges(0).sent(), 0u);
}

// Its log has no more.
TEST_F(JudgeStageTest, ALongStageIsJudgedByItsLastHour) {
  const Stage day = {.name = "day", .start = seconds(10), .end = std::chrono::hours(24), .active = {0}};
  Probe(day.end - std::chrono::minutes(50), day.end - std::chrono::minutes(49), /*cut=*/true);
  EXPECT_FALSE(Judge(day).agrees()) << "nobody has told of the half hour since";
  Probe(day.end - std::chrono::minutes(10), day.end - std::chrono::minutes(9), /*cut=*/true);
  EXPECT_TRUE(Judge(day).agrees());
  EXPECT_EQ(DecodeDuration(Judge(day).start()).value(), seconds(10));
  EXPECT_EQ(DecodeDuration(Judge(day).observed_from()).value(), day.end - std::chrono::hours(1));
}

// As if the fleet were large: four directions are reported every 100 ms, and 320 windows remembered.
class JudgeOfLargeFleetTest : public JudgeStageTest {
 protected:
  JudgeOfLargeFleetTest() : JudgeStageTest(320) {}
};

TEST_F(JudgeOfLargeFleetTest, AStageIsJudgedFromWhenItIsRemembered) {
  const Stage before = {.name = "before", .start = seconds(2), .end = seconds(10)};
  Probe(before.start, before.end, /*cut=*/false);
  EXPECT_TRUE(Judge(before).agrees());
  Probe(seconds(10), seconds(12), /*cut=*/false);
  EXPECT_FALSE(Judge(one_way_).agrees()) << "not yet as planned";
  Probe(seconds(12), seconds(20), /*cut=*/true);
  const v1::StageVerdict verdict = Judge(one_way_);
  EXPECT_TRUE(verdict.agrees());
  EXPECT_EQ(DecodeDuration(verdict.start()).value(), seconds(10));
  ASSERT_TRUE(verdict.has_observed_from());
  EXPECT_EQ(ControllerTime(kT0) + DecodeDuration(verdict.observed_from()).value(), log_.forgotten());
  EXPECT_EQ(log_.forgotten(), ControllerTime(kT0 + seconds(12)));
  EXPECT_FALSE(Judge(before).agrees()) << "nothing of it is remembered";
  EXPECT_EQ(DecodeDuration(Judge(before).observed_from()).value(), before.end);
}

TEST_F(JudgeStageTest, AnEmptyBaselineIsObservedBeforeT0) {
  Probe(-kBaseline, seconds(0), /*cut=*/false);
  const v1::StageVerdict verdict = Judge({.name = "baseline"});
  EXPECT_TRUE(verdict.agrees());
  EXPECT_EQ(DecodeDuration(verdict.start()).value(), -kBaseline);
  EXPECT_EQ(DecodeDuration(verdict.end()).value(), Duration(0));
  EXPECT_EQ(verdict.edges(0).sent(), 26u);
}

TEST_F(JudgeStageTest, OnlyFamiliesThatBothHave) {
  nodes_[0].ipv6.reset();
  const v1::StageVerdict verdict = Judge(one_way_);
  ASSERT_EQ(verdict.edges_size(), 2);
  for (const v1::EdgeVerdict& edge : verdict.edges()) EXPECT_EQ(edge.family(), v1::FAMILY_IPV4);
}

TEST_F(JudgeStageTest, NoEdgeIsNoAgreement) {
  nodes_.resize(1);
  Probe(seconds(10), seconds(10), /*cut=*/true);
  EXPECT_FALSE(Judge(one_way_).agrees());
}

TEST_F(JudgeStageTest, ANodeWithoutATimelineHasNoPart) {
  nodes_.push_back({.name = NodeName("zrh"), .ipv4 = Address("10.0.0.1")});
  const v1::StageVerdict verdict = PlannedStage(one_way_, {nodes_, timelines_, kPort});
  for (const v1::EdgeVerdict& edge : verdict.edges()) {
    EXPECT_EQ(edge.planned_reachable(), !(edge.from() == "lon" && edge.to() == "par")) << edge.ShortDebugString();
    EXPECT_EQ(edge.observed(), v1::REACH_UNSPECIFIED);
  }
  EXPECT_EQ(verdict.edges_size(), 8);
  EXPECT_FALSE(verdict.agrees());
}

TEST_F(JudgeStageTest, TheLiveMatrixLooksAtTheLastSeconds) {
  const Duration now = seconds(15);
  Probe(seconds(10), now, /*cut=*/true);
  const RunNow run = {.timelines = &timelines_, .active = {0}, .t0 = ControllerTime(kT0)};
  const auto judge = [&](std::span<const RunNow> runs) {
    return JudgeWindow(nodes_, kPort, runs, ControllerTime(kT0 + now), kClockError, log_);
  };
  const v1::StageVerdict verdict = judge(std::span(&run, 1));
  EXPECT_EQ(verdict.name(), "now");
  EXPECT_TRUE(verdict.agrees());
  EXPECT_EQ(verdict.edges(0).sent(), 30u);
  EXPECT_EQ(DecodeDuration(verdict.end()).value(), -kLiveLag);
  const v1::StageVerdict late =
      JudgeWindow(nodes_, kPort, {}, ControllerTime(kT0 + now), kClockError, log_, nullptr, seconds(2));
  EXPECT_EQ(DecodeDuration(late.start()).value(), -kLiveLag - seconds(2) - kLiveWindow);
  EXPECT_EQ(late.edges(0).sent(), 20u);

  const v1::StageVerdict without = judge({});
  EXPECT_FALSE(without.agrees());
  EXPECT_TRUE(without.edges(0).planned_reachable());
}

TEST_F(JudgeStageTest, TheLiveMatrixJoinsAllRuns) {
  const std::map<NodeName, Timeline> none;
  const RunNow runs[] = {{.timelines = &none, .active = {0}}, {.timelines = &timelines_, .active = {0}}};
  const v1::StageVerdict verdict = JudgeWindow(nodes_, kPort, runs, ControllerTime(kT0), kClockError, log_);
  EXPECT_FALSE(verdict.edges(0).planned_reachable());
  EXPECT_TRUE(verdict.edges(2).planned_reachable());
}

TEST_F(JudgeStageTest, DirectionsThatNobodyProbesAreNotJudgedButCounted) {
  nodes_.push_back({.name = NodeName("rom"), .ipv4 = Address("172.34.0.1")});
  Probe(seconds(10), seconds(20), /*cut=*/true);
  const Evidence evidence = {log_, ControllerTime(kT0), kClockError};
  EXPECT_FALSE(JudgeStage(one_way_, {nodes_, timelines_, kPort}, evidence).agrees()) << "rom is not known of";
  const ProbePairs pairs = {{NodeName("lon"), {NodeName("par")}}, {NodeName("par"), {NodeName("lon")}}};
  const v1::StageVerdict verdict = JudgeStage(one_way_, {nodes_, timelines_, kPort, &pairs}, evidence);
  EXPECT_TRUE(verdict.agrees());
  EXPECT_EQ(verdict.edges_size(), 4);
  // Between rom and the others, IPv4 alone.
  EXPECT_EQ(verdict.unprobed_edges(), 4u);
  EXPECT_EQ(JudgeWindow(nodes_, kPort, {}, ControllerTime(kT0), kClockError, log_, &pairs).unprobed_edges(), 4u);
}

TEST(SampledStageTest, OneOfAThousandNodesIsVerifiedByItsSample) {
  std::vector<ProbeNode> nodes;
  std::vector<NodeName> names;
  for (int i = 0; i < 1000; ++i) {
    names.emplace_back(absl::StrCat(i % 2 == 0 ? "lon-" : "par-", i));
    nodes.push_back({.name = names.back(), .ipv4 = Address(absl::StrCat("10.", i % 2, ".", i / 250, ".", i % 250))});
  }
  const ProbePairs pairs = SampleProbes(names, {}, 12, 7);
  std::map<NodeName, Timeline> timelines;
  for (const ProbeNode& node : nodes) {
    Timeline& timeline = timelines[node.name];
    timeline.node = node.name;
    timeline.length = seconds(23);
    timeline.prefix_sets = {PrefixSet{Prefix::Parse("10.0.0.0/16").value()}};
    timeline.steps = {{.index = 0, .name = "cut", .at = seconds(10), .length = seconds(3)}};
    if (node.name.text().starts_with("par")) timeline.steps[0].rules = {{.match = {.sources = 0}}};
  }
  const auto judge = [&](bool one_leaks) {
    ProbeLog log;
    bool leaks = one_leaks;
    for (const auto& [node, peers] : pairs) {
      v1::Observation observation;
      const auto add = [&](const NodeName& peer, Duration at, bool received) {
        v1::ProbeWindow& window = *observation.add_windows();
        window.set_peer(peer.text());
        window.set_family(v1::FAMILY_IPV4);
        *window.mutable_start() = EncodeDuration(seconds(1000) + at);
        received ? window.set_received(1) : window.set_sent(1);
      };
      for (const NodeName& peer : peers) {
        const bool cut = peer.text().starts_with("lon") && node.text().starts_with("par");
        for (const Duration at : {milliseconds(10'500), milliseconds(11'700)}) {
          add(peer, at, false);
          if (!cut || leaks) add(peer, at, true);
        }
        if (cut) leaks = false;
      }
      EXPECT_TRUE(log.Add(node, observation).ok());
    }
    const Stage stage = {.name = "cut", .start = seconds(10), .end = seconds(13), .active = {0}};
    return JudgeStage(stage, {nodes, timelines, 7401, &pairs}, {log, ControllerTime(seconds(1000)), Duration(0)});
  };
  const v1::StageVerdict verdict = judge(/*one_leaks=*/false);
  EXPECT_TRUE(verdict.agrees());
  EXPECT_EQ(static_cast<std::size_t>(verdict.edges_size()) + verdict.unprobed_edges(), 1000u * 999u);
  EXPECT_GE(verdict.edges_size(), 1000 * 10);
  EXPECT_FALSE(judge(/*one_leaks=*/true).agrees());
}

}  // namespace
}  // namespace faultline
