// A controller is started again, and all agents dial it: their pauses against its limits, on a clock that is turned.

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/backoff.h"
#include "controller/rpc/connection_limit.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kAgents = 1000;
// Of them one in so many is slow: from its connection to its next step it takes kSlow.
constexpr int kSlowShare = 20;
constexpr Duration kSlow = seconds(1);
constexpr Duration kTick = milliseconds(10);
// As an agent's session has them.
constexpr Duration kFirstPause = milliseconds(100);
constexpr Duration kLongestPause = seconds(2);

struct Agent {
  Backoff backoff;
  MonotonicTime next;
  bool joined = false;
};

// What came of it.
struct Return {
  // From the controller's start until the last one was back.
  Duration took{0};
  // In any tenth of a second.
  int most_at_once = 0;
  int turned_away = 0;
};

// All lost the controller at the same moment, and it is back after `down`. `source`: from where the nth dials.
template <typename Source>
Return ComeBack(Duration down, const Source& source) {
  std::vector<Agent> agents;
  const MonotonicTime lost{};
  for (int i = 0; i < kAgents; ++i) {
    Agent& agent =
        agents.emplace_back(Agent{.backoff = Backoff(kFirstPause, static_cast<std::uint64_t>(i)), .next = lost});
    agent.next += agent.backoff.Next(kLongestPause);
  }
  const MonotonicTime up = lost + down;
  ConnectionLimit limit({});
  Return result;
  int joined = 0;
  int at_once = 0;
  for (MonotonicTime now = lost; joined < kAgents && now < up + seconds(60); now += kTick) {
    if (now.time_since_epoch() % milliseconds(100) == Duration(0)) at_once = 0;
    for (int i = 0; i < kAgents; ++i) {
      Agent& agent = agents[static_cast<std::size_t>(i)];
      if (agent.joined || agent.next > now) continue;
      // It is in the kernel's queue.
      if (now >= up && !limit.Ready(now)) continue;
      if (now >= up && limit.Admit(source(i), now)) {
        agent.joined = true;
        ++joined;
        result.most_at_once = std::max(result.most_at_once, ++at_once);
        result.took = std::max(result.took, now - up + (i % kSlowShare == 0 ? kSlow : Duration(0)));
        continue;
      }
      if (now >= up) ++result.turned_away;
      agent.next = now + agent.backoff.Next(kLongestPause);
    }
  }
  EXPECT_EQ(joined, kAgents);
  return result;
}

std::string OwnAddress(int agent) { return absl::StrCat("10.0.", agent / 256, ".", agent % 256); }

TEST(ReconnectTest, AllAreBackWithinTheirLongestPauseAndNotAtOnce) {
  for (const Duration down : {milliseconds(500), milliseconds(5000), milliseconds(60'000)}) {
    const Return all = ComeBack(down, OwnAddress);
    EXPECT_LE(all.took, kLongestPause + kSlow);
    EXPECT_EQ(all.turned_away, 0);
    // The longer it was away, the more they are spread: in the end at most three times as densely as over 2 s.
    EXPECT_LE(all.most_at_once, down < seconds(1) ? 2 * kAgents / 3 : 3 * kAgents / 20);
  }
}

// Of one address only 50 a second may come once 256 have.
TEST(ReconnectTest, BehindOneAddressTheyComeAsFastAsItMay) {
  const Return all = ComeBack(seconds(5), [](int) { return "192.0.2.1"; });
  constexpr Duration kAtBest = seconds((kAgents - 256) / 50);
  EXPECT_GE(all.took, kAtBest);
  EXPECT_LE(all.took, kAtBest + 2 * kLongestPause + kSlow);
}

}  // namespace
}  // namespace faultline
