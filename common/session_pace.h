#pragma once

#include <algorithm>
#include <cstddef>

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

// While it is sent heartbeats a node of a large fleet makes longer pauses between two questions, and between two
// reports of what it saw, so that a controller has not more to hear than it can: this long in a fleet of so many. Its
// controller tells it.
inline constexpr Duration kPausePerNode = std::chrono::microseconds(400);
inline constexpr Duration kMostPause = std::chrono::seconds(4);
// Shorter ones would change nothing.
inline constexpr Duration kLeastPause = std::chrono::milliseconds(250);
inline Duration PauseOf(std::size_t nodes) {
  const Duration pause = static_cast<Duration::rep>(nodes) * kPausePerNode;
  return pause < kLeastPause ? Duration(0) : std::min(pause, kMostPause);
}
// kLongestSilence of one that was told to make such pauses.
inline Duration LongestSilence(Duration pause) { return std::max(kLongestSilence, 3 * pause); }

}  // namespace faultline
