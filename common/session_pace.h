#pragma once

#include "common/clock.h"

// How often an agent speaks in its session, which is how its controller knows that it lives. Both sides' rule.
namespace faultline {

// Between two questions for the controller's clock while the controller sends heartbeats, and a while after each.
inline constexpr Duration kPingInterval = std::chrono::seconds(1);
// A node that is sent heartbeats and has asked nothing for so long is lost.
inline constexpr Duration kLongestSilence = std::chrono::seconds(5);

// The same while it is sent none: no run goes on, and nothing that it told waits to be confirmed.
inline constexpr Duration kIdlePingInterval = std::chrono::seconds(12);
inline constexpr Duration kLongestIdleSilence = std::chrono::seconds(36);

}  // namespace faultline
