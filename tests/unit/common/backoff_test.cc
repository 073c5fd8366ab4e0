#include "common/backoff.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kFirst = milliseconds(100);
constexpr Duration kLongest = seconds(2);

TEST(BackoffTest, PausesDoubleAndStayBetweenTheirHalfAndThemselves) {
  Backoff backoff(kFirst, 7);
  for (const int whole : {100, 200, 400, 800, 1600, 2000, 2000, 2000}) {
    const Duration pause = backoff.Next(kLongest);
    EXPECT_GE(pause, milliseconds(whole) / 2);
    EXPECT_LE(pause, milliseconds(whole));
  }
  backoff.Reset();
  EXPECT_LE(backoff.Next(kLongest), kFirst);
}

TEST(BackoffTest, ALongerLimitIsReachedByDoubling) {
  Backoff backoff(kFirst, 7);
  for (int i = 0; i < 8; ++i) backoff.Next(kLongest);
  EXPECT_LE(backoff.Next(seconds(30)), kLongest);
  EXPECT_LE(backoff.Next(seconds(30)), 2 * kLongest);
  EXPECT_GT(backoff.Next(seconds(30)), kLongest);
}

// 1000 agents lose their controller at the same moment; it takes some seconds to start again.
TEST(BackoffTest, WhoLostTheControllerTogetherDoesNotComeBackTogether) {
  constexpr std::size_t kAgents = 1000;
  constexpr Duration kDown = seconds(5);
  constexpr Duration kBin = milliseconds(100);
  std::array<std::size_t, 30> came{};
  for (std::uint64_t agent = 0; agent < kAgents; ++agent) {
    Backoff backoff(kFirst, agent);
    Duration at{0};
    while (at < kDown) at += backoff.Next(kLongest);
    ++came.at(static_cast<std::size_t>((at - kDown) / kBin));
  }
  // All within the longest pause, and of any tenth of a second at most twice what an even spread would bring.
  for (std::size_t bin = 0; bin < came.size(); ++bin) {
    EXPECT_LE(came.at(bin), 2 * kAgents / 20) << bin;
    if (bin >= 20) EXPECT_EQ(came.at(bin), 0U) << bin;
  }
}

}  // namespace
}  // namespace faultline
