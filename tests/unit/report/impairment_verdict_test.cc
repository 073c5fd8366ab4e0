// Verdicts on edges that are neither simply open nor simply cut.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "common/timeline_codec.h"
#include "controller/report/summary.h"
#include "controller/report/verdict.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr v1::Judgement kAsPlanned = v1::JUDGEMENT_AS_PLANNED;
constexpr v1::Judgement kOff = v1::JUDGEMENT_OFF;
constexpr v1::Judgement kNotJudged = v1::JUDGEMENT_UNSPECIFIED;

IpAddress ImpairedAddress(absl::string_view text) { return IpAddress::Parse(text).value(); }

TEST(JudgeShareTest, FollowsItsRule) {
  struct {
    Prediction expected;
    std::uint32_t sent;
    std::uint32_t received;
    v1::Judgement judgement;
  } const cases[] = {
      // Four standard deviations of 100 at 90 % are 12 %; and 5 %.
      {{.arrives = 0.9}, 100, 90, kAsPlanned},
      {{.arrives = 0.9}, 100, 73, kAsPlanned},
      {{.arrives = 0.9}, 100, 72, kOff},
      {{.arrives = 0.9}, 100, 100, kAsPlanned},
      {{.arrives = 0.5}, 100, 76, kOff},
      {{.arrives = 0.5}, 100, 74, kAsPlanned},
      {{.arrives = 0.5}, 100, 26, kAsPlanned},
      {{.arrives = 0.5}, 100, 24, kOff},
      {{.arrives = 0.5}, 100, 0, kOff},
      {{.arrives = 0.5}, 100, 100, kOff},
      {{.arrives = 0.5}, 10'000, 5'690, kAsPlanned},
      {{.arrives = 0.5}, 10'000, 5'710, kOff},
      {{.arrives = 1}, 40, 38, kAsPlanned},
      {{.arrives = 1}, 40, 37, kOff},
      // One may be lost by itself, or by a chance that a hundred edges make likely.
      {{.arrives = 0.99}, 2, 1, kAsPlanned},
      {{.arrives = 1}, 6, 5, kAsPlanned},
      {{.arrives = 1}, 6, 4, kOff},
      // Too few for any outcome to disagree.
      {{.arrives = 0.5}, 1, 1, kNotJudged},
      {{.arrives = 0.5}, 0, 0, kNotJudged},
      {{.arrives = 0.5}, 19, 0, kNotJudged},
      {{.arrives = 0.5}, 20, 0, kOff},
      {{.arrives = 0.99}, 2, 0, kOff},
      // Losses in clumps vary more: three times as far with nine times the variance.
      {{.arrives = 0.9, .clumping = 9}, 100, 50, kAsPlanned},
      {{.arrives = 0.9, .clumping = 9}, 100, 48, kOff},
      // What is damaged may be thrown away, or may not.
      {{.arrives = 1, .corrupt = 0.3}, 100, 65, kAsPlanned},
      {{.arrives = 1, .corrupt = 0.3}, 100, 64, kOff},
      {{.arrives = 1, .corrupt = 0.3}, 100, 100, kAsPlanned},
      // Behind other packets any number may be lost, but hardly all.
      {{.arrives = 1, .limited = true}, 100, 1, kAsPlanned},
      {{.arrives = 1, .limited = true}, 100, 0, kOff},
      {{.arrives = 0.5, .limited = true}, 100, 76, kOff},
      // Reports may hold a probe more than was sent.
      {{.arrives = 1}, 40, 41, kAsPlanned},
  };
  for (const auto& edge : cases) {
    EXPECT_EQ(JudgeShare(edge.expected, {.sent = edge.sent, .received = edge.received}), edge.judgement)
        << edge.received << " of " << edge.sent << " at " << edge.expected.arrives;
  }
}

TEST(JudgeDelayTest, FollowsItsRule) {
  struct {
    Prediction expected;
    int added_ms;
    int clock_error_ms;
    v1::Judgement judgement;
  } const cases[] = {
      {{.delay = milliseconds(200)}, 200, 0, kAsPlanned},
      {{.delay = milliseconds(200)}, 220, 0, kAsPlanned},
      {{.delay = milliseconds(200)}, 221, 0, kOff},
      {{.delay = milliseconds(200)}, 180, 0, kAsPlanned},
      {{.delay = milliseconds(200)}, 179, 0, kOff},
      {{.delay = milliseconds(200)}, 0, 0, kOff},
      // 5 ms are more than 10 % of 20 ms, and clocks may err both times.
      {{.delay = milliseconds(20)}, 25, 0, kAsPlanned},
      {{.delay = milliseconds(20)}, 26, 0, kOff},
      {{.delay = milliseconds(20)}, 31, 3, kAsPlanned},
      {{.delay = milliseconds(20)}, 32, 3, kOff},
      {{.delay = Duration(0)}, 5, 0, kAsPlanned},
      {{.delay = Duration(0)}, -6, 0, kOff},
      // The mean of 25 delays with 10 ms of jitter may be 8 ms off.
      {{.delay = milliseconds(20), .delay_deviation = milliseconds(10)}, 33, 0, kAsPlanned},
      {{.delay = milliseconds(20), .delay_deviation = milliseconds(10)}, 34, 0, kOff},
      // A queue makes it longer, never shorter.
      {{.delay = milliseconds(20), .limited = true}, 900, 0, kAsPlanned},
      {{.delay = milliseconds(20), .limited = true}, 14, 0, kOff},
  };
  for (const auto& edge : cases) {
    EXPECT_EQ(JudgeDelay(edge.expected, milliseconds(edge.added_ms), 25, milliseconds(edge.clock_error_ms)),
              edge.judgement)
        << edge.added_ms << " ms for " << edge.expected.delay.count();
  }
}

// Two nodes; one or more steps of par act on lon's packets, all from 10 s on, for 10 s unless the test says otherwise.
// T0 is at 1000 s. Probes take 3 ms by themselves, and lon's clock is 1 s behind.
class ImpairmentVerdictTest : public ::testing::Test {
 protected:
  static constexpr Duration kT0 = seconds(1000);
  static constexpr Duration kUsual = seconds(1) + milliseconds(3);

  // What becomes of a probe of this moment after T0: nullopt, or the delay that is added.
  using Fate = std::function<std::optional<Duration>(Duration time)>;

  void SetSteps(std::vector<Step> steps) {
    for (Step& step : steps) {
      if (step.name.empty()) step.name = "far";
      if (step.length == Duration(0)) {
        step.at = seconds(10);
        step.length = seconds(10);
      }
    }
    for (const ProbeNode& node : nodes_) {
      Timeline& timeline = timelines_[node.name];
      timeline.run = RunId("run-1");
      timeline.node = node.name;
      timeline.length = seconds(23);
      timeline.seed = 7;
      timeline.prefix_sets = {PrefixSet{Prefix(*nodes_[0].ipv4)}};
      timeline.steps = steps;
      if (node.name == nodes_[1].name) {
        for (Step& step : timeline.steps) step.rules = {{.match = {.sources = 0}}};
      }
      ASSERT_TRUE(CheckTimeline(timeline).ok()) << CheckTimeline(timeline);
    }
    stage_ = {.name = "far", .start = steps[0].at, .end = steps[0].end(), .active = {}};
    for (const Step& step : steps) stage_.active.push_back(step.index);
  }
  static Step StepOf(Effect effect) {
    Step step;
    step.effect = std::move(effect);
    return step;
  }

  // A probe each way every `interval` of [start, end) after T0, those from lon to par with this fate.
  void Probe(Duration start, Duration end, const Fate& fate, Duration interval = milliseconds(100)) {
    for (Duration time = start; time < end; time += interval) {
      const std::optional<Duration> added = fate(time);
      Report(nodes_[0], nodes_[1], time, 1, kUsual * -1 + milliseconds(6));
      Report(nodes_[1], nodes_[0], time, added ? 1 : 0, kUsual + added.value_or(Duration(0)));
    }
  }
  // `reporter` sent one probe, and got so many of those that the peer sent at that time, each so late.
  void Report(const ProbeNode& reporter, const ProbeNode& peer, Duration time, std::uint32_t received, Duration delay) {
    v1::Observation observation;
    v1::ProbeWindow& window = *observation.add_windows();
    window.set_peer(peer.name.text());
    window.set_family(v1::FAMILY_IPV4);
    *window.mutable_start() = EncodeDuration((kT0 + time) / milliseconds(100) * milliseconds(100));
    window.set_sent(1);
    window.set_received(received);
    if (received > 0 && tells_delays_) *window.mutable_sum_delay() = EncodeDuration(delay);
    ASSERT_TRUE(log_.Add(reporter.name, observation).ok());
  }
  // Of a stage; the baseline, if there is one, is that of [0, 10 s).
  v1::StageVerdict Judge() {
    const ProbedRun run = {nodes_, timelines_, 7401};
    const v1::StageVerdict baseline =
        JudgeStage({.name = "baseline", .end = seconds(10)}, run, {log_, ControllerTime(kT0), kClockError});
    return JudgeStage(stage_, run, {log_, ControllerTime(kT0), kClockError, has_baseline_ ? &baseline : nullptr});
  }
  // From lon to par.
  v1::EdgeVerdict JudgeEdge() { return Judge().edges(0); }

  static std::optional<Duration> Usual(Duration /*time*/) { return Duration(0); }
  static Fate Late(int ms) {
    return [ms](Duration) { return milliseconds(ms); };
  }
  // One of so many.
  static Fate LoseEvery(int n) {
    return [n](Duration time) -> std::optional<Duration> {
      return time / milliseconds(100) % n == 0 ? std::nullopt : std::optional<Duration>(Duration(0));
    };
  }

  static constexpr Duration kClockError = milliseconds(1);
  std::vector<ProbeNode> nodes_ = {{.name = NodeName("lon"), .ipv4 = ImpairedAddress("172.32.0.1")},
                                   {.name = NodeName("par"), .ipv4 = ImpairedAddress("172.33.0.1")}};
  std::map<NodeName, Timeline> timelines_;
  ProbeLog log_;
  Stage stage_;
  bool has_baseline_ = true;
  bool tells_delays_ = true;
};

const Impairment kFar = {.delay = milliseconds(80)};

TEST_F(ImpairmentVerdictTest, TheRightDelay) {
  SetSteps({StepOf(kFar)});
  Probe(seconds(0), seconds(10), Usual);
  Probe(seconds(10), seconds(20), Late(81));
  const v1::StageVerdict verdict = Judge();
  EXPECT_TRUE(verdict.agrees());
  const v1::EdgeVerdict& edge = verdict.edges(0);
  EXPECT_TRUE(edge.planned_reachable());
  EXPECT_EQ(edge.planned_share(), 1);
  EXPECT_EQ(DecodeDuration(edge.planned_delay()).value(), milliseconds(80));
  EXPECT_EQ(DecodeDuration(edge.mean_delay()).value(), kUsual + milliseconds(81));
  EXPECT_EQ(DecodeDuration(edge.observed_delay()).value(), milliseconds(81));
  EXPECT_EQ(edge.share(), kAsPlanned);
  EXPECT_EQ(edge.delay(), kAsPlanned);
  EXPECT_EQ(edge.observed(), v1::REACH_OPEN);
  // The other way is as ever.
  EXPECT_FALSE(verdict.edges(1).has_planned_share());
  EXPECT_FALSE(verdict.edges(1).has_planned_delay());
  EXPECT_EQ(DecodeDuration(verdict.edges(1).observed_delay()).value(), Duration(0));
  EXPECT_EQ(verdict.edges(1).delay(), kNotJudged);
}

TEST_F(ImpairmentVerdictTest, TheWrongDelay) {
  for (const int ms : {0, 20, 71, 90, 160}) {
    log_.Trim(ControllerTime(Duration::max()));
    SetSteps({StepOf(kFar)});
    Probe(seconds(0), seconds(10), Usual);
    Probe(seconds(10), seconds(20), Late(ms));
    const v1::StageVerdict verdict = Judge();
    EXPECT_FALSE(verdict.agrees()) << ms;
    EXPECT_EQ(verdict.edges(0).delay(), kOff) << ms;
    EXPECT_EQ(verdict.edges(0).share(), kAsPlanned) << ms;
  }
}

TEST_F(ImpairmentVerdictTest, TheRightAndTheWrongLoss) {
  struct {
    std::uint32_t planned_percent;
    int lose_every;
    v1::Judgement judgement;
  } const cases[] = {{10, 10, kAsPlanned}, {10, 2, kOff},        {10, 1, kOff}, {50, 2, kAsPlanned}, {50, 10, kOff},
                     {50, 1, kOff},        {1, 100, kAsPlanned}, {1, 4, kOff},  {99, 1, kAsPlanned}, {30, 1000, kOff}};
  for (const auto& one : cases) {
    log_.Trim(ControllerTime(Duration::max()));
    SetSteps({StepOf(Impairment{.loss = Ratio::Percent(one.planned_percent)})});
    Probe(seconds(0), seconds(10), Usual);
    Probe(seconds(10), seconds(20), LoseEvery(one.lose_every));
    const v1::StageVerdict verdict = Judge();
    EXPECT_EQ(verdict.edges(0).share(), one.judgement) << one.planned_percent << " % and one of " << one.lose_every;
    EXPECT_EQ(verdict.agrees(), one.judgement == kAsPlanned);
    EXPECT_DOUBLE_EQ(verdict.edges(0).planned_share(), 1 - one.planned_percent / 100.0);
  }
}

TEST_F(ImpairmentVerdictTest, WhatChanceMakesOfALossIsAsPlanned) {
  std::mt19937 random(11);
  std::uniform_real_distribution<double> chance(0, 1);
  int off = 0;
  for (int trial = 0; trial < 300; ++trial) {
    log_.Trim(ControllerTime(Duration::max()));
    const double loss = 0.01 * (1 + trial % 60);
    SetSteps({StepOf(Impairment{.loss = Ratio::PartsPerBillion(static_cast<std::uint32_t>(loss * 1e9))})});
    Probe(seconds(10), seconds(20), [&](Duration) -> std::optional<Duration> {
      return chance(random) < loss ? std::nullopt : std::optional<Duration>(Duration(0));
    });
    off += JudgeEdge().share() != kAsPlanned ? 1 : 0;
  }
  EXPECT_LE(off, 1);
}

// Each probe meets the next state, as if nothing else were in the lane: the worst case.
TEST_F(ImpairmentVerdictTest, WhatChanceMakesOfBurstsIsAsPlanned) {
  std::mt19937 random(12);
  std::uniform_real_distribution<double> chance(0, 1);
  int off = 0;
  for (int trial = 0; trial < 300; ++trial) {
    log_.Trim(ControllerTime(Duration::max()));
    SetSteps({StepOf(Impairment{.bursts = GilbertElliott{.p = Ratio::Percent(1), .r = Ratio::Percent(10)}})});
    bool bad = false;
    Probe(seconds(10), seconds(20), [&](Duration) -> std::optional<Duration> {
      bad = chance(random) < (bad ? 0.9 : 0.01);
      return bad ? std::nullopt : std::optional<Duration>(Duration(0));
    });
    off += JudgeEdge().share() != kAsPlanned ? 1 : 0;
  }
  EXPECT_LE(off, 9);
}

TEST_F(ImpairmentVerdictTest, LossAndDelayTogether) {
  SetSteps({StepOf(Impairment{.delay = milliseconds(80), .loss = Ratio::Percent(50)})});
  Probe(seconds(0), seconds(10), Usual);
  Probe(seconds(10), seconds(20), [](Duration time) {
    return time / milliseconds(100) % 2 == 0 ? std::nullopt : std::optional<Duration>(milliseconds(80));
  });
  const v1::StageVerdict verdict = Judge();
  EXPECT_TRUE(verdict.agrees());
  EXPECT_EQ(verdict.edges(0).observed(), v1::REACH_LOSSY);
}

TEST_F(ImpairmentVerdictTest, WithoutABaselineNoDelayIsJudged) {
  SetSteps({StepOf(kFar)});
  Probe(seconds(10), seconds(20), Late(2));
  has_baseline_ = false;
  const v1::StageVerdict verdict = Judge();
  EXPECT_TRUE(verdict.agrees());
  EXPECT_EQ(verdict.edges(0).delay(), kNotJudged);
  EXPECT_FALSE(verdict.edges(0).has_observed_delay());
  EXPECT_TRUE(verdict.edges(0).has_mean_delay());
  EXPECT_TRUE(HasUnjudgedDelay(verdict));
  // Nor with one in which nothing was observed.
  has_baseline_ = true;
  EXPECT_EQ(JudgeEdge().delay(), kNotJudged);
}

TEST_F(ImpairmentVerdictTest, AgentsThatTellNoDelaysLeaveThemUnjudged) {
  tells_delays_ = false;
  SetSteps({StepOf(kFar)});
  Probe(seconds(0), seconds(20), Usual);
  const v1::StageVerdict verdict = Judge();
  EXPECT_TRUE(verdict.agrees());
  EXPECT_FALSE(verdict.edges(0).has_mean_delay());
  EXPECT_TRUE(HasUnjudgedDelay(verdict));
}

TEST_F(ImpairmentVerdictTest, TooFewProbesSayNothing) {
  SetSteps({StepOf(Impairment{.loss = Ratio::Percent(50)})});
  Probe(seconds(10), seconds(20), Usual, seconds(1));
  const v1::StageVerdict verdict = Judge();
  EXPECT_EQ(verdict.edges(0).sent(), 9u);
  EXPECT_EQ(verdict.edges(0).share(), kNotJudged);
  EXPECT_FALSE(verdict.agrees());
  EXPECT_TRUE(IsUnknown(verdict.edges(0)));
}

TEST_F(ImpairmentVerdictTest, ASilentReceiverSaysNothing) {
  SetSteps({StepOf(kFar)});
  for (Duration time = seconds(10); time < seconds(20); time += milliseconds(100)) {
    Report(nodes_[0], nodes_[1], time, 0, Duration(0));
  }
  EXPECT_TRUE(IsUnknown(JudgeEdge()));
  EXPECT_FALSE(Judge().agrees());
}

Step Flapping(Step step, Duration down, Duration up) {
  step.flap = Flap{.down = down, .up = up};
  return step;
}

TEST_F(ImpairmentVerdictTest, AFlap) {
  SetSteps({Flapping(StepOf(Drop{}), seconds(1), seconds(3))});
  const auto flap = [](Duration time) -> std::optional<Duration> {
    return (time - seconds(10)) % seconds(4) < seconds(1) ? std::nullopt : std::optional<Duration>(Duration(0));
  };
  Probe(seconds(10), seconds(20), flap);
  const v1::StageVerdict verdict = Judge();
  EXPECT_TRUE(verdict.agrees());
  EXPECT_DOUBLE_EQ(verdict.edges(0).planned_share(), 0.7);
  EXPECT_FALSE(verdict.edges(0).has_planned_delay());
  EXPECT_FALSE(HasUnjudgedDelay(verdict));
}

TEST_F(ImpairmentVerdictTest, AFlapThatStaysDownOrUp) {
  for (const bool down : {true, false}) {
    log_.Trim(ControllerTime(Duration::max()));
    SetSteps({Flapping(StepOf(Drop{}), seconds(1), seconds(3))});
    Probe(seconds(10), seconds(20),
          [down](Duration) { return down ? std::nullopt : std::optional<Duration>(Duration(0)); });
    EXPECT_EQ(JudgeEdge().share(), kOff) << down;
  }
}

// Probes that always meet the same phase of a flap are judged by that phase.
TEST_F(ImpairmentVerdictTest, AFlapInStepWithTheProbes) {
  const Duration half = milliseconds(100);
  SetSteps({Flapping(StepOf(Drop{}), half, half)});
  const auto cut = [](Duration) { return std::nullopt; };
  Probe(seconds(10), seconds(20), cut, 2 * half);
  EXPECT_EQ(JudgeEdge().share(), kAsPlanned);
  EXPECT_DOUBLE_EQ(JudgeEdge().planned_share(), 0.5);
  log_.Trim(ControllerTime(Duration::max()));
  Probe(seconds(10) + half, seconds(20), cut, 2 * half);
  EXPECT_EQ(JudgeEdge().share(), kOff);
}

TEST_F(ImpairmentVerdictTest, ARampIsJudgedByItsMean) {
  Step ramp = StepOf(Impairment{.delay = milliseconds(0), .loss = Ratio::Percent(1)});
  ramp.ramp = Ramp{.to = {.delay = milliseconds(300), .loss = Ratio::Percent(1)}, .over = seconds(10)};
  SetSteps({ramp});
  Probe(seconds(0), seconds(10), Usual);
  Probe(seconds(10), seconds(20), [](Duration time) { return (time - seconds(10)) * 3 / 100; });
  EXPECT_EQ(JudgeEdge().delay(), kAsPlanned);
  EXPECT_NEAR(static_cast<double>(DecodeDuration(JudgeEdge().planned_delay())->count()), 147e6, 1e6);
  log_.Trim(ControllerTime(Duration::max()));
  Probe(seconds(0), seconds(10), Usual);
  Probe(seconds(10), seconds(20), Late(300));
  EXPECT_EQ(JudgeEdge().delay(), kOff);
}

TEST_F(ImpairmentVerdictTest, ABlockOverAnImpairmentIsACut) {
  Step block = StepOf(Drop{});
  block.index = 1;
  SetSteps({StepOf(kFar), block});
  Probe(seconds(10), seconds(20), [](Duration) { return std::nullopt; });
  const v1::EdgeVerdict edge = JudgeEdge();
  EXPECT_FALSE(edge.has_planned_share());
  EXPECT_FALSE(edge.planned_reachable());
  EXPECT_TRUE(Judge().agrees());
}

TEST_F(ImpairmentVerdictTest, WhatIsHeldBackLongIsWaitedForOrLeftOut) {
  Step step = StepOf(Impairment{.delay = seconds(4)});
  SetSteps({step});
  EXPECT_EQ(SettleTime(stage_, timelines_), kSettle + seconds(4));
  step.effect = Impairment{.delay = seconds(14)};
  SetSteps({step});
  EXPECT_EQ(SettleTime(stage_, timelines_), kSettle + kMostDrain);
  // Probes of the last 4 s cannot be back yet.
  Probe(seconds(0), seconds(10), Usual);
  Probe(seconds(10), seconds(16), Late(14'000));
  Probe(seconds(16), seconds(20), [](Duration) { return std::nullopt; });
  EXPECT_TRUE(Judge().agrees());
  EXPECT_LT(JudgeEdge().sent(), 60u);
  EXPECT_EQ(SettleTime({.name = "baseline", .end = seconds(10)}, timelines_), kSettle);
}

TEST_F(ImpairmentVerdictTest, WhatProbesCannotSeeIsJudgedByCounters) {
  Step step = StepOf(Reject{});
  step.filter = {.protocol = Protocol::kTcp, .destination_ports = {{3000, 3000}}};
  SetSteps({step});
  Probe(seconds(10), seconds(20), Usual);
  v1::Run run;
  *run.add_stages() = JudgeStage({.name = "baseline", .start = seconds(10), .end = seconds(20)},
                                 {nodes_, timelines_, 7401}, {log_, ControllerTime(kT0), kClockError});
  *run.add_stages() = Judge();
  const std::vector<Stage> stages = {{.name = "baseline"}, stage_};
  EXPECT_FALSE(run.stages(0).unseen());
  EXPECT_TRUE(run.stages(1).unseen());
  EXPECT_TRUE(run.stages(1).agrees());
  EXPECT_TRUE(run.stages(1).edges(0).unseen());
  EXPECT_FALSE(run.stages(1).edges(1).unseen());
  EXPECT_TRUE(run.stages(1).edges(0).planned_reachable());
  EXPECT_FALSE(run.stages(1).has_matched());

  v1::Run nothing = run;
  JudgeUnseen(stages, nothing);
  EXPECT_EQ(nothing.stages(1).matched(), 0u);
  EXPECT_FALSE(nothing.stages(1).agrees());
  EXPECT_TRUE(nothing.stages(0).agrees());
  EXPECT_FALSE(nothing.stages(0).has_matched());

  run.add_nodes()->mutable_outcome()->add_counters()->set_packets(0);
  run.add_nodes()->mutable_outcome()->add_counters()->set_packets(5);
  JudgeUnseen(stages, run);
  EXPECT_EQ(run.stages(1).matched(), 5u);
  EXPECT_TRUE(run.stages(1).agrees());
}

TEST_F(ImpairmentVerdictTest, AFaultThatProbesSeeKeepsItsStageWithThem) {
  Step unseen = StepOf(Drop{});
  unseen.index = 1;
  unseen.filter.protocol = Protocol::kTcp;
  SetSteps({StepOf(kFar), unseen});
  Probe(seconds(0), seconds(10), Usual);
  Probe(seconds(10), seconds(20), Late(80));
  EXPECT_FALSE(Judge().unseen());
  EXPECT_TRUE(JudgeEdge().unseen());
  EXPECT_TRUE(Judge().agrees());
}

// A fault on packets of hosts that no probe is from: no edge shows it.
TEST_F(ImpairmentVerdictTest, AFaultBetweenOthersIsUnseenToo) {
  SetSteps({StepOf(Drop{})});
  timelines_[nodes_[1].name].prefix_sets = {PrefixSet{Prefix(ImpairedAddress("192.0.2.1"))}};
  Probe(seconds(10), seconds(20), Usual);
  EXPECT_TRUE(Judge().unseen());
  EXPECT_FALSE(JudgeEdge().unseen());
}

TEST_F(ImpairmentVerdictTest, ProbesPassByTheInterfaceOfTheirAddress) {
  Step step = StepOf(Drop{});
  step.filter.interfaces = {"eth1"};
  SetSteps({step});
  const auto planned = [&] { return PlannedStage(stage_, {nodes_, timelines_, 7401}); };
  EXPECT_FALSE(planned().edges(0).planned_reachable());
  nodes_[1].ipv4_interface = "eth1";
  EXPECT_FALSE(planned().edges(0).planned_reachable());
  nodes_[1].ipv4_interface = "eth0";
  EXPECT_TRUE(planned().edges(0).planned_reachable());
  EXPECT_TRUE(planned().unseen());
}

TEST_F(ImpairmentVerdictTest, ThePlanAloneHasItsFigures) {
  SetSteps({StepOf(Impairment{.delay = milliseconds(80), .loss = Ratio::Percent(1)})});
  const v1::StageVerdict planned = PlannedStage(stage_, {nodes_, timelines_, 7401});
  EXPECT_EQ(planned.edges(0).planned_share(), 0.99);
  EXPECT_EQ(DecodeDuration(planned.edges(0).planned_delay()).value(), milliseconds(80));
  EXPECT_FALSE(planned.edges(0).has_observed_delay());
  EXPECT_FALSE(planned.agrees());
}

TEST_F(ImpairmentVerdictTest, TheLiveMatrixJudgesDelaysByTheRunsBaseline) {
  SetSteps({StepOf(kFar)});
  Probe(seconds(0), seconds(10), Usual);
  Probe(seconds(10), seconds(20), Late(80));
  const v1::StageVerdict baseline = JudgeStage({.name = "baseline", .end = seconds(10)}, {nodes_, timelines_, 7401},
                                               {log_, ControllerTime(kT0), kClockError});
  const auto judge = [&](const v1::StageVerdict* reference, Duration now) {
    const RunNow run = {.timelines = &timelines_, .active = {0}, .t0 = ControllerTime(kT0), .baseline = reference};
    return JudgeWindow(nodes_, 7401, std::span(&run, 1), ControllerTime(kT0 + now), kClockError, log_);
  };
  EXPECT_EQ(judge(&baseline, seconds(20)).edges(0).delay(), kAsPlanned);
  EXPECT_TRUE(judge(&baseline, seconds(20)).agrees());
  EXPECT_EQ(judge(nullptr, seconds(20)).edges(0).delay(), kNotJudged);
  // Just begun: what is looked at is still as before.
  EXPECT_EQ(judge(&baseline, seconds(11)).edges(0).delay(), kOff);
}

TEST_F(ImpairmentVerdictTest, OfTwoRunsTheLaterImpairmentIsPlanned) {
  SetSteps({StepOf(kFar)});
  std::map<NodeName, Timeline> later = timelines_;
  for (auto& [node, timeline] : later) timeline.steps[0].effect = Impairment{.delay = milliseconds(10)};
  const RunNow first = {.timelines = &timelines_, .active = {0}, .t0 = ControllerTime(kT0)};
  const RunNow second = {.timelines = &later, .active = {0}, .t0 = ControllerTime(kT0)};
  const auto planned = [&](const std::vector<RunNow>& runs) {
    const v1::StageVerdict verdict =
        JudgeWindow(nodes_, 7401, runs, ControllerTime(kT0 + seconds(15)), kClockError, log_);
    return DecodeDuration(verdict.edges(0).planned_delay()).value();
  };
  EXPECT_EQ(planned({first, second}), milliseconds(10));
  EXPECT_EQ(planned({second, first}), milliseconds(80));
}

}  // namespace
}  // namespace faultline
