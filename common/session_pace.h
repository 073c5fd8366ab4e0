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

// Between two reports while a run goes on.
inline constexpr Duration kBriskReport = std::chrono::milliseconds(250);

// Between two heartbeats, by the lease that they renew.
inline Duration HeartbeatOf(Duration lease) {
  return std::clamp<Duration>(lease / 8, std::chrono::milliseconds(100), std::chrono::seconds(2));
}

// While it is sent heartbeats a node of a large fleet makes longer pauses between two questions, and between two
// reports of what it saw, so that a controller has not more to hear than it can: this long in a fleet of so many; 0
// where it would report no oftener anyway. Its controller tells it.
inline constexpr Duration kPausePerNode = std::chrono::microseconds(400);
inline constexpr Duration kMostPause = std::chrono::seconds(4);
inline Duration PauseOf(std::size_t nodes) {
  const Duration pause = static_cast<Duration::rep>(nodes) * kPausePerNode;
  return pause < kBriskReport ? Duration(0) : std::min(pause, kMostPause);
}
// kLongestSilence of one that was told to make such pauses.
inline Duration LongestSilence(Duration pause) { return std::max(kLongestSilence, 3 * pause); }

}  // namespace faultline
