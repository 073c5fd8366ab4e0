#include "controller/compile/forecast.h"

#include <gtest/gtest.h>

#include "tests/unit/compile/fleet_builder.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing_support::Ip;
using testing_support::Set;

const IpAddress kFrom = Ip("10.0.0.1");
const IpAddress kTo = Ip("11.0.0.1");

Impairment Late(int ms, int percent = 0) {
  return {.delay = milliseconds(ms), .loss = Ratio::Percent(static_cast<std::uint32_t>(percent))};
}

Step StepOf(StepIndex index, int at, int length, Effect effect) {
  Step step;
  step.index = index;
  step.name = "s";
  step.at = seconds(at);
  step.length = seconds(length);
  step.effect = std::move(effect);
  return step;
}

// A node on which all steps act on everything from 10/8, on one side.
Timeline NodeWith(const char* name, std::vector<Step> steps, Side side = Side::kReceiver) {
  Timeline timeline;
  timeline.node = NodeName(name);
  timeline.seed = 7;
  timeline.length = seconds(100);
  timeline.prefix_sets = {Set({"10.0.0.0/8"})};
  for (Step& step : steps) step.rules = {{side, {.sources = 0}}};
  timeline.steps = std::move(steps);
  return timeline;
}

std::vector<StepIndex> AllOf(const Timeline& timeline) {
  std::vector<StepIndex> all;
  for (const Step& step : timeline.steps) all.push_back(step.index);
  return all;
}

Acting ActingOn(const Timeline* sender, const Timeline* receiver) {
  Acting acting;
  const std::vector<StepIndex> active = AllOf(sender != nullptr ? *sender : *receiver);
  AddActing({.sender = sender, .receiver = receiver}, PacketOfProbe(kFrom, kTo, 7401), active, acting);
  return acting;
}

Prediction PredictOver(const Timeline& receiver, Duration start, Duration end) {
  return Forecast(ActingOn(nullptr, &receiver), start, end).OverAll();
}

// What the steps of a node, all active, do to a packet: composition.
struct Composed {
  const char* name;
  std::vector<Step> steps;
  double arrives;
  int delay_ms;
  bool impaired;
};

class CompositionTest : public ::testing::TestWithParam<Composed> {};

TEST_P(CompositionTest, IsThis) {
  const Timeline node = NodeWith("n", GetParam().steps);
  const Prediction prediction = PredictOver(node, seconds(5), seconds(10));
  EXPECT_DOUBLE_EQ(prediction.arrives, GetParam().arrives);
  EXPECT_EQ(prediction.delay, milliseconds(GetParam().delay_ms));
  EXPECT_EQ(prediction.impaired, GetParam().impaired);
}

Step Flapping(Step step, Duration down, Duration up, Duration jitter = Duration(0)) {
  step.flap = Flap{.down = down, .up = up, .jitter = jitter};
  return step;
}

INSTANTIATE_TEST_SUITE_P(
    Compositions, CompositionTest,
    ::testing::Values(
        Composed{"Nothing", {}, 1, 0, false}, Composed{"Drop", {StepOf(0, 0, 20, Drop{})}, 0, 0, false},
        Composed{"Reject", {StepOf(0, 0, 20, Reject{})}, 0, 0, false},
        Composed{"Delay", {StepOf(0, 0, 20, Late(80))}, 1, 80, true},
        Composed{"Loss", {StepOf(0, 0, 20, Late(0, 25))}, 0.75, 0, true},
        Composed{"BothParts", {StepOf(0, 0, 20, Late(80, 25))}, 0.75, 80, true},
        Composed{"BlockOverLaterImpairment", {StepOf(0, 0, 20, Drop{}), StepOf(1, 1, 20, Late(80))}, 0, 0, false},
        Composed{"BlockOverEarlierImpairment", {StepOf(0, 0, 20, Late(80)), StepOf(1, 1, 20, Reject{})}, 0, 0, false},
        Composed{
            "LaterImpairmentOverEarlier", {StepOf(0, 0, 20, Late(80)), StepOf(1, 1, 20, Late(5, 50))}, 0.5, 5, true},
        Composed{"LaterStartWhateverTheIndex", {StepOf(7, 0, 20, Late(80)), StepOf(3, 1, 20, Late(5))}, 1, 5, true},
        Composed{"HigherIndexOfOneStart", {StepOf(2, 0, 20, Late(80)), StepOf(4, 0, 20, Late(5))}, 1, 5, true},
        // 2 s on and 3 s off: [0, 2), [5, 7): on in two of the five seconds looked at.
        Composed{"FlappingBlock", {Flapping(StepOf(0, 0, 20, Drop{}), seconds(2), seconds(3))}, 0.6, 0, false},
        Composed{"FlappingImpairment", {Flapping(StepOf(0, 0, 20, Late(100)), seconds(2), seconds(3))}, 1, 40, true},
        // While the later one is off the earlier one has the packets.
        Composed{"EarlierReturns",
                 {StepOf(0, 0, 20, Late(50)), Flapping(StepOf(1, 0, 20, Late(100)), seconds(2), seconds(3))},
                 1,
                 70,
                 true},
        Composed{"ImpairmentWhileTheBlockIsOff",
                 {StepOf(0, 0, 20, Late(50)), Flapping(StepOf(1, 0, 20, Drop{}), seconds(2), seconds(3))},
                 0.6,
                 50,
                 true},
        // Half of those that come while it is on are lost, so those that come while it is off weigh more.
        Composed{"DelayOfThoseThatArrive",
                 {Flapping(StepOf(0, 0, 20, Late(80, 50)), seconds(2), seconds(3))},
                 0.8,
                 20,
                 true},
        Composed{"RateDelaysNoProbe", {StepOf(0, 0, 20, Impairment{.rate = BitRate{1'000'000}})}, 1, 0, true}),
    [](const ::testing::TestParamInfo<Composed>& param) { return param.param.name; });

TEST(ForecastTest, AnAnswerMeetsWhatActsOnItsWayBackAtTheSameTime) {
  const Timeline asker = NodeWith("a", {Flapping(StepOf(0, 0, 20, Late(30, 50)), seconds(1), seconds(1))});
  const Timeline answerer = NodeWith("b", {Flapping(StepOf(0, 0, 20, Late(80, 50)), seconds(1), seconds(1))});
  const RunEnds ends = {.sender = &asker, .receiver = &answerer};
  const std::vector<StepIndex> active = {0};
  const Packet asks = PacketOfProbe(kFrom, Ip("10.0.0.2"), 7401);
  Acting acting;
  AddActing(ends, asks, active, acting);
  EXPECT_DOUBLE_EQ(Forecast(acting, seconds(0), seconds(1)).OverAll().arrives, 0.5);
  AddActingOnAnswer(ends, PacketOfProbe(asks.destination, asks.source, 7401), active, acting);
  const Prediction on = Forecast(acting, seconds(0), seconds(1)).OverAll();
  EXPECT_DOUBLE_EQ(on.arrives, 0.25);
  EXPECT_EQ(on.delay, milliseconds(110));
  // Both are on for half of the time, and it is the same half.
  EXPECT_DOUBLE_EQ(Forecast(acting, seconds(0), seconds(2)).OverAll().arrives, 0.625);
  Forecasts forecasts(seconds(0), seconds(1));
  Acting there;
  AddActing(ends, asks, active, there);
  EXPECT_NE(&forecasts.Of(acting), &forecasts.Of(there));
}

TEST(ForecastTest, BothEndsOfTheWayAct) {
  const Timeline sender = NodeWith("a", {StepOf(0, 0, 20, Late(30, 50))}, Side::kSender);
  const Timeline receiver = NodeWith("b", {StepOf(0, 0, 20, Late(80, 50))});
  const Prediction prediction = Forecast(ActingOn(&sender, &receiver), seconds(0), seconds(1)).OverAll();
  EXPECT_DOUBLE_EQ(prediction.arrives, 0.25);
  EXPECT_EQ(prediction.delay, milliseconds(110));
  const Timeline cut = NodeWith("b", {StepOf(0, 0, 20, Drop{})});
  EXPECT_TRUE(Forecast(ActingOn(&sender, &cut), seconds(0), seconds(1)).OverAll().Plain());
}

TEST(ForecastTest, AnotherRunsImpairmentWinsWhenItIsTheLaterRun) {
  const Timeline first = NodeWith("n", {StepOf(0, 9, 20, Late(80))});
  const Timeline second = NodeWith("n", {StepOf(0, 0, 20, Late(5))});
  const std::vector<StepIndex> active = {0};
  Acting acting;
  AddActing({.receiver = &second, .run = 1, .t0 = seconds(-4)}, PacketOfProbe(kFrom, kTo, 7401), active, acting);
  AddActing({.receiver = &first, .run = 0}, PacketOfProbe(kFrom, kTo, 7401), active, acting);
  EXPECT_EQ(Forecast(acting, seconds(10), seconds(12)).OverAll().delay, milliseconds(5));
}

TEST(ForecastTest, ARampMovesInItsChanges) {
  Step step = StepOf(0, 10, 60, Late(0));
  step.ramp = Ramp{.to = Late(300), .over = seconds(30), .changes = 3};
  const Timeline node = NodeWith("n", {step});
  // 0 ms for 10 s, 100 ms for 10 s, 200 ms for 10 s, then 300 ms.
  EXPECT_EQ(PredictOver(node, seconds(10), seconds(40)).delay, milliseconds(100));
  EXPECT_EQ(PredictOver(node, seconds(10), seconds(70)).delay, milliseconds(200));
  EXPECT_EQ(PredictOver(node, seconds(20), seconds(30)).delay, milliseconds(100));
  EXPECT_EQ(PredictOver(node, seconds(50), seconds(51)).delay, milliseconds(300));
}

TEST(ForecastTest, ARampOfLossWeighsDelayByWhatArrives) {
  Step step = StepOf(0, 0, 20, Late(100));
  step.ramp = Ramp{.to = {.delay = milliseconds(200), .loss = Ratio::Percent(50)}, .over = seconds(10), .changes = 1};
  const Prediction prediction = PredictOver(NodeWith("n", {step}), seconds(0), seconds(20));
  EXPECT_DOUBLE_EQ(prediction.arrives, 0.75);
  // (1 x 100 ms + 0.5 x 200 ms) / 1.5
  EXPECT_EQ(prediction.delay, Duration(133'333'333));
}

TEST(ForecastTest, AFlapIsThatOfTheNodes) {
  const Step step = Flapping(StepOf(3, 2, 50, Drop{}), seconds(1), milliseconds(700), milliseconds(150));
  const Timeline node = NodeWith("n", {step});
  const Duration down = FlapDownTime(*step.flap, StepSeed(node, 3), seconds(4), seconds(31));
  const Prediction prediction = PredictOver(node, seconds(6), seconds(33));
  EXPECT_NEAR(prediction.arrives, 1 - std::chrono::duration<double>(down) / seconds(27), 1e-12);
}

TEST(ForecastTest, AsksOfAnyPart) {
  const Timeline node = NodeWith("n", {Flapping(StepOf(0, 0, 20, Drop{}), seconds(2), seconds(3))});
  const Forecast forecast(ActingOn(nullptr, &node), seconds(0), seconds(20));
  EXPECT_FALSE(forecast.Constant());
  EXPECT_EQ(forecast.Over(seconds(0), seconds(2)).arrives, 0);
  EXPECT_EQ(forecast.Over(seconds(2), seconds(5)).arrives, 1);
  EXPECT_DOUBLE_EQ(forecast.Over(milliseconds(1'900), milliseconds(2'100)).arrives, 0.5);
  EXPECT_DOUBLE_EQ(forecast.Over(milliseconds(500), milliseconds(6'500)).arrives, 0.5);
  // What is asked of the time around it is answered by its ends.
  EXPECT_EQ(forecast.Over(seconds(-5), seconds(1)).arrives, 0);
  EXPECT_EQ(forecast.Over(seconds(19), seconds(90)).arrives, 1);
  EXPECT_EQ(forecast.Over(seconds(3), seconds(3)).arrives, 1);
}

TEST(ForecastTest, BeforeItsStartAStepIsAsAtItsStart) {
  Step step = StepOf(0, 10, 20, Late(100));
  step.ramp = Ramp{.to = Late(300), .over = seconds(10), .changes = 1};
  EXPECT_EQ(PredictOver(NodeWith("n", {step}), seconds(0), seconds(5)).delay, milliseconds(100));
  EXPECT_EQ(PredictOver(NodeWith("n", {step}), seconds(40), seconds(50)).delay, milliseconds(300));
}

TEST(ForecastTest, ManyChangesAreCutOff) {
  const Timeline node =
      NodeWith("n", {Flapping(StepOf(0, 0, 1'000'000, Drop{}), milliseconds(100), milliseconds(300))});
  const Forecast forecast(ActingOn(nullptr, &node), seconds(0), seconds(1'000'000));
  EXPECT_NEAR(forecast.OverAll().arrives, 0.75, 1e-9);
  EXPECT_NEAR(forecast.Over(seconds(0), seconds(1'000'000)).arrives, 0.75, 1e-9);
}

TEST(ForecastTest, WhatTheProbesOfAnImpairmentMeet) {
  const auto predict = [](const Impairment& impairment) {
    return PredictOver(NodeWith("n", {StepOf(0, 0, 20, impairment)}), seconds(0), seconds(10));
  };
  // A quarter skips the delay; with gap 5 four are delayed between two that may skip.
  Impairment reorder = Late(100);
  reorder.reorder = Ratio::Percent(25);
  EXPECT_EQ(predict(reorder).delay, milliseconds(75));
  reorder.reorder_gap = 5;
  EXPECT_EQ(predict(reorder).delay, std::chrono::microseconds(87'500));
  // A packet that is sent twice must be lost twice.
  EXPECT_DOUBLE_EQ(predict({.loss = Ratio::Percent(20), .duplicate = Ratio::Percent(50)}).arrives, 0.9);
  EXPECT_NEAR(predict({.corrupt = Ratio::Percent(3)}).corrupt, 0.03, 1e-12);
  EXPECT_TRUE(predict({.rate = BitRate{10'000}}).limited);
  EXPECT_FALSE(predict(Late(10)).limited);
  const Prediction bursts = predict({.bursts = GilbertElliott{.p = Ratio::Percent(1), .r = Ratio::Percent(49)}});
  EXPECT_DOUBLE_EQ(bursts.arrives, 0.98);
  EXPECT_DOUBLE_EQ(bursts.clumping, 3);
  EXPECT_EQ(predict({.loss = Ratio::Percent(1), .loss_correlation = Ratio::Percent(100)}).clumping, 9);
  EXPECT_EQ(predict(Late(0, 5)).clumping, 1);
  const Prediction measured = predict(
      {.distribution = Distribution::kSamples, .samples = {milliseconds(10), milliseconds(10), milliseconds(40)}});
  EXPECT_EQ(measured.delay, milliseconds(20));
  EXPECT_NEAR(static_cast<double>(measured.delay_deviation.count()), 14'142'135.6, 1);
  Impairment jitter = Late(80);
  jitter.jitter = milliseconds(9);
  jitter.distribution = Distribution::kNormal;
  EXPECT_EQ(predict(jitter).delay_deviation, milliseconds(9));
  EXPECT_EQ(predict(Late(100, 100)).arrives, 0);
  EXPECT_TRUE(predict(Late(100, 100)).Plain());
  EXPECT_FALSE(predict(Late(100, 99)).Plain());
}

TEST(ForecastsTest, MakesEachOnce) {
  const Timeline one = NodeWith("n", {StepOf(0, 0, 20, Late(10))});
  const Timeline same = NodeWith("m", {StepOf(0, 0, 20, Late(10))});
  const Timeline more = NodeWith("m", {StepOf(0, 0, 20, Late(10)), StepOf(1, 0, 20, Late(20))});
  Forecasts forecasts(seconds(0), seconds(5));
  EXPECT_EQ(&forecasts.Of(ActingOn(nullptr, &one)), &forecasts.Of(ActingOn(nullptr, &same)));
  EXPECT_EQ(forecasts.Of(ActingOn(nullptr, &more)).OverAll().delay, milliseconds(20));
  EXPECT_EQ(forecasts.Of(ActingOn(nullptr, &one)).OverAll().delay, milliseconds(10));
  EXPECT_TRUE(forecasts.Of({}).OverAll().Plain());
  EXPECT_TRUE(forecasts.Of({.unseen = true}).OverAll().unseen);
}

}  // namespace
}  // namespace faultline
