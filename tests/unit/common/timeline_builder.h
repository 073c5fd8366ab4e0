#pragma once

#include "common/timeline.h"

namespace faultline::testing_support {

inline Step StepOf(StepIndex index, const char* name, Duration at, Duration length, Effect effect = Drop{}) {
  Step step;
  step.index = index;
  step.name = name;
  step.at = at;
  step.length = length;
  step.effect = std::move(effect);
  return step;
}

// All that an impairment can do but for samples, bursts and overtaking by jitter, which exclude parts of it.
inline Impairment GoodImpairment() {
  return {.delay = std::chrono::milliseconds(80),
          .jitter = std::chrono::milliseconds(10),
          .distribution = Distribution::kParetoNormal,
          .loss = Ratio::Percent(1),
          .loss_correlation = Ratio::Percent(2),
          .duplicate = Ratio::Percent(3),
          .duplicate_correlation = Ratio::Percent(4),
          .corrupt = Ratio::Percent(5),
          .corrupt_correlation = Ratio::Percent(6),
          .reorder = Ratio::Percent(7),
          .reorder_correlation = Ratio::Percent(8),
          .reorder_gap = 5,
          .rate = BitRate{10'000'000},
          .burst = 16'000};
}

// The rest.
inline Impairment MeasuredImpairment() {
  return {.distribution = Distribution::kSamples,
          .samples = {Duration(0), std::chrono::milliseconds(12), std::chrono::seconds(17)},
          .reorder_by_jitter = true,
          .bursts = GilbertElliott{.p = Ratio::Percent(1),
                                   .r = Ratio::Percent(10),
                                   .bad_loss = Ratio::Percent(90),
                                   .good_loss = Ratio::PartsPerBillion(1)}};
}

// A timeline that passes CheckTimeline, with every part in use.
inline Timeline GoodTimeline() {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  const PrefixSet london{Prefix::Parse("172.32.0.0/16").value(), Prefix::Parse("fd20::/48").value()};
  const PrefixSet paris{Prefix::Parse("172.33.0.0/16").value()};
  const PrefixSet agents{Prefix::Parse("172.33.7.44").value()};
  Timeline timeline;
  timeline.run = RunId("run-1");
  timeline.node = NodeName("lon-1");
  timeline.prefix_sets = {london, paris, agents};
  timeline.steps = {StepOf(0, "one-way", seconds(10), seconds(20)),
                    StepOf(2, "watch", seconds(30), milliseconds(100)),
                    StepOf(1, "split", seconds(31), seconds(29)),
                    StepOf(3, "far", seconds(40), seconds(20), GoodImpairment()),
                    StepOf(4, "measured", seconds(41), seconds(10), MeasuredImpairment()),
                    StepOf(5, "refuse", seconds(42), seconds(10), Reject{})};
  timeline.steps[0].rules = {{Side::kReceiver, {0, 1, std::nullopt}}};
  timeline.steps[2].rules = {{Side::kSender, {std::nullopt, 1, 2}}};
  Step& far = timeline.steps[3];
  far.rules = {{Side::kReceiver, {0, 1, std::nullopt}}, {Side::kSender, {1, 0, 2}}};
  far.filter = {.protocol = Protocol::kTcp,
                .destination_ports = {{80, 80}, {3000, 3002}},
                .source_ports = {{1024, 65535}},
                .except_ports = {{22, 22}},
                .except_addresses = 2,
                .dscp = 46,
                .interfaces = {"eth0", "eth1"}};
  far.ramp = Ramp{.to = GoodImpairment(), .over = seconds(15), .changes = 9};
  far.ramp->to.delay = milliseconds(300);
  Step& measured = timeline.steps[4];
  measured.rules = {{Side::kReceiver, {0, std::nullopt, std::nullopt}}};
  measured.filter.either_ports = {{1, 1}, {7, 9}};
  measured.flap = Flap{.down = seconds(2), .up = seconds(5), .jitter = milliseconds(500)};
  Step& refuse = timeline.steps[5];
  refuse.rules = {{Side::kReceiver, {0, 1, std::nullopt}}};
  refuse.filter.connection = Connection::kNew;
  timeline.length = seconds(60);
  timeline.lease = seconds(10);
  timeline.on_controller_loss = ControllerLoss::kContinue;
  timeline.seed = 18446744073709551615u;
  return timeline;
}

}  // namespace faultline::testing_support
