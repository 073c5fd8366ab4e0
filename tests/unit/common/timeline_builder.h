#pragma once

#include "common/timeline.h"

namespace faultline::testing_support {

// A timeline that passes CheckTimeline, with every part in use.
inline Timeline GoodTimeline() {
  const PrefixSet london{Prefix::Parse("172.32.0.0/16").value(), Prefix::Parse("fd20::/48").value()};
  const PrefixSet paris{Prefix::Parse("172.33.0.0/16").value()};
  const PrefixSet agents{Prefix::Parse("172.33.7.44").value()};
  Timeline timeline;
  timeline.run = RunId("run-1");
  timeline.node = NodeName("lon-1");
  timeline.prefix_sets = {london, paris, agents};
  timeline.steps = {
      {0,
       "one-way",
       std::chrono::seconds(10),
       std::chrono::seconds(20),
       {{Hook::kReceiverIngress, {0, 1, std::nullopt}}}},
      {2, "watch", std::chrono::seconds(30), std::chrono::milliseconds(100), {}},
      {1,
       "split",
       std::chrono::seconds(31),
       std::chrono::seconds(29),
       {{Hook::kSenderBlackhole, {std::nullopt, 1, 2}}}},
  };
  timeline.length = std::chrono::seconds(60);
  timeline.lease = std::chrono::seconds(10);
  timeline.on_controller_loss = ControllerLoss::kContinue;
  timeline.seed = 18446744073709551615u;
  return timeline;
}

}  // namespace faultline::testing_support
