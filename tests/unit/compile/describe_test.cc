#include "controller/compile/describe.h"

#include <gtest/gtest.h>

#include "tests/unit/compile/fleet_builder.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing_support::Set;

TEST(DescribeEffectTest, SaysEveryPart) {
  EXPECT_EQ(DescribeEffect(Drop{}), "drop");
  EXPECT_EQ(DescribeEffect(Reject{}), "reject");
  EXPECT_EQ(
      DescribeEffect(Impairment{.delay = milliseconds(80), .jitter = milliseconds(10), .loss = Ratio::Percent(1)}),
      "delay 80ms ± 10ms, lose 1%");
  EXPECT_EQ(DescribeEffect(Impairment{.delay = milliseconds(80),
                                      .jitter = milliseconds(10),
                                      .distribution = Distribution::kParetoNormal,
                                      .reorder_by_jitter = true}),
            "delay 80ms ± 10ms paretonormal overtaking");
  EXPECT_EQ(DescribeEffect(Impairment{.distribution = Distribution::kSamples,
                                      .samples = {milliseconds(12), milliseconds(15), milliseconds(230)}}),
            "delay 12ms to 230ms as measured");
  EXPECT_EQ(DescribeEffect(Impairment{.bursts = GilbertElliott{.p = Ratio::Percent(1), .r = Ratio::Percent(10)},
                                      .rate = BitRate{10'000'000},
                                      .burst = 16'000}),
            "lose 9.09% in bursts of 10, limit to 10mbit with bursts of 16000 bytes");
  EXPECT_EQ(
      DescribeEffect(Impairment{.delay = seconds(1),
                                .loss = Ratio::Percent(2),
                                .loss_correlation = Ratio::Percent(5),
                                .duplicate = Ratio::PartsPerBillion(5'000'000),
                                .corrupt = Ratio::PartsPerBillion(1'000'000),
                                .reorder = Ratio::Percent(25),
                                .reorder_correlation = Ratio::Percent(50),
                                .reorder_gap = 5}),
      "delay 1s, lose 2% correlated by 5%, duplicate 0.5%, corrupt 0.1%, reorder 25% correlated by 50% with gap 5");
  EXPECT_EQ(DescribeEffect(Impairment{}), "delay 0s");
}

TEST(DescribeStepTest, SaysWhichPacketsAndHowItChanges) {
  Step step;
  EXPECT_EQ(DescribeStep(step), "drop");
  step.effect = Reject{};
  step.filter = {.protocol = Protocol::kTcp, .destination_ports = {{3000, 3002}}, .except_addresses = 4};
  step.flap = Flap{.down = seconds(2), .up = seconds(5), .jitter = milliseconds(100)};
  EXPECT_EQ(DescribeStep(step), "reject tcp to port 3000-3002, down 2s and up 5s ± 100ms");
  Step ramped;
  ramped.effect = Impairment{};
  ramped.ramp = Ramp{.to = {.delay = milliseconds(300)}, .over = seconds(45), .changes = 9};
  EXPECT_EQ(DescribeStep(ramped), "delay 0s, ramped in 45s to delay 300ms by 9 changes");
}

TEST(DescribeRuleTest, SaysWhatHappensToWhichPacketsWhere) {
  Timeline timeline;
  timeline.prefix_sets = {Set({"10.0.0.0/8"}), Set({"11.0.0.0/8"}), Set({"12.0.0.1"})};
  Step step;
  EXPECT_EQ(DescribeRule({Side::kReceiver, {0, 1, std::nullopt}}, step, timeline),
            "drop in from 10.0.0.0/8 to 11.0.0.0/8");
  EXPECT_EQ(DescribeRule({Side::kSender, {1, 0, 2}}, step, timeline),
            "drop out from 11.0.0.0/8 to 10.0.0.0/8 except 12.0.0.1/32");
  EXPECT_EQ(DescribeRule({Side::kReceiver, {0, std::nullopt, std::nullopt}}, step, timeline),
            "drop in from 10.0.0.0/8 to anywhere");
  step.effect = Impairment{.delay = milliseconds(80)};
  step.filter = {.protocol = Protocol::kTcp, .except_addresses = 2};
  step.flap = Flap{.down = seconds(1), .up = seconds(1)};
  EXPECT_EQ(DescribeRule({Side::kReceiver, {0, 1, std::nullopt}}, step, timeline),
            "delay 80ms in from 10.0.0.0/8 to 11.0.0.0/8 tcp, sparing 12.0.0.1/32, down 1s and up 1s");
}

}  // namespace
}  // namespace faultline
