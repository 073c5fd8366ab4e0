#include "common/timeline.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/common/timeline_builder.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing_support::GoodTimeline;

struct BadTimeline {
  const char* name;
  void (*spoil)(Timeline&);
  const char* error;
};

class CheckTimelineTest : public ::testing::TestWithParam<BadTimeline> {};

TEST_P(CheckTimelineTest, SaysWhichRule) {
  Timeline timeline = GoodTimeline();
  ASSERT_TRUE(CheckTimeline(timeline).ok()) << CheckTimeline(timeline);
  GetParam().spoil(timeline);
  const absl::Status status = CheckTimeline(timeline);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), GetParam().error);
}

std::string NameOfTimelineCase(const ::testing::TestParamInfo<BadTimeline>& bad) { return bad.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Rules, CheckTimelineTest,
    ::testing::Values(
        BadTimeline{"NoRun", [](Timeline& bad) { bad.run = RunId(); }, "run id is empty"},
        BadTimeline{"BadNode", [](Timeline& bad) { bad.node = NodeName("a b"); },
                    "node name 'a b' may have only letters, digits, '-', '_' and '.'"},
        BadTimeline{"LeaseShort", [](Timeline& bad) { bad.lease = seconds(1) - Duration(1); },
                    "the lease 999ms999us999ns is not within 1s to 10m"},
        BadTimeline{"LeaseLong", [](Timeline& bad) { bad.lease = minutes(10) + Duration(1); },
                    "the lease 10m1ns is not within 1s to 10m"},
        BadTimeline{"NoLength", [](Timeline& bad) { bad.length = Duration(0); }, "the run has no length"},
        BadTimeline{"EmptySet", [](Timeline& bad) { bad.prefix_sets[2] = PrefixSet(); }, "a prefix set is empty"},
        BadTimeline{"StepName", [](Timeline& bad) { bad.steps[0].name = ""; }, "step '': step name is empty"},
        BadTimeline{"StepEarly", [](Timeline& bad) { bad.steps[0].at = Duration(-1); },
                    "step 'one-way': it lies outside of the run's 1m"},
        BadTimeline{"StepLate", [](Timeline& bad) { bad.steps[2].at += Duration(1); },
                    "step 'split': it lies outside of the run's 1m"},
        BadTimeline{"StepEndless", [](Timeline& bad) { bad.steps[2].length = Duration::max(); },
                    "step 'split': it lies outside of the run's 1m"},
        BadTimeline{"StepShort", [](Timeline& bad) { bad.steps[1].length = milliseconds(100) - Duration(1); },
                    "step 'watch': it is shorter than 100ms"},
        BadTimeline{"NoSet", [](Timeline& bad) { bad.steps[0].rules[0].match.sources = 3; },
                    "step 'one-way': prefix set 3 of 3 does not exist"},
        BadTimeline{"NoExceptSet", [](Timeline& bad) { bad.steps[2].rules[0].match.except_destinations = 4294967295u; },
                    "step 'split': prefix set 4294967295 of 3 does not exist"},
        BadTimeline{"ChoosesEverything", [](Timeline& bad) { bad.steps[2].rules[0].match.destinations.reset(); },
                    "step 'split': a rule names neither sources nor destinations"},
        BadTimeline{"ConnectionAtTheSender",
                    [](Timeline& bad) { bad.steps[2].filter.connection = Connection::kEstablished; },
                    "step 'split': the connection's state is only known at the receiver, and it has no agent"},
        BadTimeline{"ImpairmentByConnection", [](Timeline& bad) { bad.steps[3].filter.connection = Connection::kNew; },
                    "step 'far': an impairment cannot select by connection: its packets leave the kernel's path before "
                    "connections are known"},
        BadTimeline{"NoSparedSet", [](Timeline& bad) { bad.steps[3].filter.except_addresses = 3; },
                    "step 'far': prefix set 3 of 3 does not exist"},
        BadTimeline{"BadFilter", [](Timeline& bad) { bad.steps[3].filter.dscp = 64; },
                    "step 'far': dscp: 64 is not within 0 to 63"},
        BadTimeline{"ImpairsNothing", [](Timeline& bad) { bad.steps[4].effect = Impairment{}; },
                    "step 'measured': impair: it changes nothing; give a delay, a loss or a rate"},
        BadTimeline{"BadImpairment",
                    [](Timeline& bad) { std::get<Impairment>(bad.steps[4].effect).loss = Ratio::Percent(1); },
                    "step 'measured': loss: it is given both plain and as a gemodel"},
        BadTimeline{"BadRampStart",
                    [](Timeline& bad) {
                      std::get<Impairment>(bad.steps[3].effect).delay = bad.steps[3].ramp->to.delay = Duration(-1);
                    },
                    "step 'far': delay: -1ns is not within 0s to 1h"},
        BadTimeline{"BadRamp", [](Timeline& bad) { bad.steps[3].ramp->over = Duration(0); },
                    "step 'far': ramp.over: say how long the ramp takes, for example 'over: 45s'"},
        BadTimeline{"RampOfADrop", [](Timeline& bad) { bad.steps[0].ramp = bad.steps[3].ramp; },
                    "step 'one-way': ramp: only an impairment has one"},
        BadTimeline{"BadFlap", [](Timeline& bad) { bad.steps[4].flap->up = milliseconds(99); },
                    "step 'measured': flap.up: 99ms is shorter than 100ms"},
        BadTimeline{"BadFlapOfADrop",
                    [](Timeline& bad) { bad.steps[0].flap = Flap{.down = seconds(1), .up = Duration(0)}; },
                    "step 'one-way': flap.up: 0s is shorter than 100ms"},
        BadTimeline{"IndexTwice", [](Timeline& bad) { bad.steps[1].index = 0; }, "step index 0 comes twice"},
        BadTimeline{"Unsorted", [](Timeline& bad) { std::swap(bad.steps[0], bad.steps[1]); },
                    "the steps are not in order"},
        BadTimeline{"UnsortedByIndex", [](Timeline& bad) { bad.steps[2].at = bad.steps[1].at; },
                    "the steps are not in order"}),
    NameOfTimelineCase);

TEST(CheckTimelineRampTest, ARampMayBeginWithNothing) {
  Timeline timeline = GoodTimeline();
  timeline.steps[3].effect = Impairment{};
  timeline.steps[3].ramp = Ramp{.to = {.delay = milliseconds(300)}, .over = seconds(15)};
  EXPECT_TRUE(CheckTimeline(timeline).ok()) << CheckTimeline(timeline);
}

// What a node needs for one side of a step.
struct Need {
  const char* name;
  Step step;
  Side side;
  CapabilitySet needed;
};

Step With(Effect effect, Connection connection = Connection::kAny) {
  Step step;
  step.effect = std::move(effect);
  step.filter.connection = connection;
  return step;
}

Step Ramped(Impairment impairment) {
  Step step = With(impairment);
  step.ramp = Ramp{.to = impairment, .over = seconds(1)};
  return step;
}

class MissingTest : public ::testing::TestWithParam<Need> {};

TEST_P(MissingTest, WhatIsNeededAndNoMore) {
  const Need& need = GetParam();
  EXPECT_TRUE(Missing(need.step, need.side, need.needed).empty());
  for (const Capability capability : need.needed.ToVector()) {
    CapabilitySet has = CapabilitySet::All();
    has.Set(capability, false);
    if (capability == Capability::kEgressHook) has.Set(Capability::kEgressClsact, false);
    if (need.needed.Has(Capability::kRandomRule) && capability == Capability::kRandomRule) continue;
    EXPECT_EQ(Missing(need.step, need.side, has), std::vector{capability});
  }
}

const Impairment kDelay = {.delay = milliseconds(80)};
const Impairment kLoss = {.loss = Ratio::Percent(1)};
const Impairment kRate = {.rate = BitRate{1'000'000}};
using C = Capability;

INSTANTIATE_TEST_SUITE_P(
    Needs, MissingTest,
    ::testing::Values(
        Need{"Drop", With(Drop{}), Side::kReceiver, {C::kIngressHook}},
        Need{"DropAtSender", With(Drop{}), Side::kSender, {C::kEgressHook, C::kBlackholeLane}},
        Need{"DropNew", With(Drop{}, Connection::kNew), Side::kReceiver, {C::kIngressHook, C::kConnectionState}},
        Need{"Reject", With(Reject{}), Side::kReceiver, {C::kIngressHook, C::kReject}},
        Need{"RejectAtSender", With(Reject{}), Side::kSender, {C::kRejectOutgoing}},
        Need{"RejectNew",
             With(Reject{}, Connection::kNew),
             Side::kReceiver,
             {C::kIngressHook, C::kConnectionState, C::kReject}},
        Need{"Delay", With(kDelay), Side::kReceiver, {C::kIngressHook, C::kRateLane, C::kNetem}},
        Need{"DelayAtSender", With(kDelay), Side::kSender, {C::kEgressHook, C::kRateLane, C::kNetem}},
        Need{"LossByRule", With(kLoss), Side::kReceiver, {C::kIngressHook, C::kRateLane, C::kRandomRule}},
        Need{"LossAtSender", With(kLoss), Side::kSender, {C::kEgressHook, C::kRateLane, C::kNetem}},
        Need{"RampOfLoss", Ramped(kLoss), Side::kReceiver, {C::kIngressHook, C::kRateLane, C::kNetem}},
        Need{"Rate", With(kRate), Side::kReceiver, {C::kIngressHook, C::kRateLane}},
        Need{"RateAtSender", With(kRate), Side::kSender, {C::kEgressHook, C::kRateLane}}),
    [](const ::testing::TestParamInfo<Need>& need) { return need.param.name; });

TEST(SenderHookTest, ClsactStandsInForTheHookWhereThatIsMissing) {
  EXPECT_EQ(SenderHook({}), C::kEgressHook);
  EXPECT_EQ(SenderHook({C::kEgressClsact}), C::kEgressClsact);
  EXPECT_EQ(SenderHook({C::kEgressHook, C::kEgressClsact}), C::kEgressHook);
  EXPECT_TRUE(Missing(With(Drop{}), Side::kSender, {C::kEgressClsact, C::kBlackholeLane}).empty());
  EXPECT_TRUE(Missing(With(kDelay), Side::kSender, {C::kEgressClsact, C::kRateLane, C::kNetem}).empty());
  EXPECT_EQ(Missing(With(kDelay), Side::kSender, {C::kEgressClsact, C::kRateLane}), std::vector{C::kNetem});
  EXPECT_EQ(Missing(With(Drop{}), Side::kReceiver, {C::kEgressClsact}), std::vector{C::kIngressHook});
}

TEST(MissingLossTest, LossAloneIsByNetemOrByRule) {
  EXPECT_TRUE(Missing(With(kLoss), Side::kReceiver, {C::kIngressHook, C::kRateLane, C::kNetem}).empty());
  EXPECT_EQ(Missing(With(kLoss), Side::kReceiver, {C::kIngressHook, C::kRateLane}), std::vector{C::kNetem});
  EXPECT_EQ(Missing(With(kDelay), Side::kReceiver, {}), (std::vector{C::kIngressHook, C::kRateLane, C::kNetem}));
}

TEST(StepSeedTest, IsEachStepsOwn) {
  Timeline timeline = GoodTimeline();
  EXPECT_NE(StepSeed(timeline, 0), StepSeed(timeline, 1));
  const std::uint64_t seed = StepSeed(timeline, 1);
  EXPECT_EQ(StepSeed(timeline, 1), seed);
  ++timeline.seed;
  EXPECT_NE(StepSeed(timeline, 1), seed);
}

TEST(ImpairmentAtTest, CountsTheRampIn) {
  Step step = With(kDelay);
  EXPECT_EQ(ImpairmentAt(step, seconds(3)), kDelay);
  step.ramp = Ramp{.to = {.delay = milliseconds(180)}, .over = seconds(10), .changes = 2};
  EXPECT_EQ(ImpairmentAt(step, seconds(4)).delay, milliseconds(80));
  EXPECT_EQ(ImpairmentAt(step, seconds(5)).delay, milliseconds(130));
  EXPECT_EQ(ImpairmentAt(step, seconds(60)).delay, milliseconds(180));
}

}  // namespace
}  // namespace faultline
