#include "agent/session/clock_map.h"

#include <gtest/gtest.h>

#include <random>

namespace faultline {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MonotonicTime kHere{seconds(1000)};

// The controller's clock is ahead of ours by this much.
constexpr Duration kOffset = seconds(77) + microseconds(5);

ControllerTime There(MonotonicTime here) { return ControllerTime(here.time_since_epoch() + kOffset); }

void Exchange(ClockMap& map, MonotonicTime sent, Duration out, Duration back) {
  const MonotonicTime received = sent + out;
  map.Add(sent, There(received), There(received + milliseconds(1)), received + milliseconds(1) + back);
}

TEST(ClockMapTest, MapsNothingBeforeTheFirstExchange) {
  const ClockMap map;
  EXPECT_EQ(map.ToLocal(There(kHere)), std::nullopt);
  EXPECT_EQ(map.ToController(kHere), std::nullopt);
  EXPECT_EQ(map.RoundTrip(), std::nullopt);
}

TEST(ClockMapTest, SymmetricExchangeIsExact) {
  ClockMap map;
  Exchange(map, kHere, milliseconds(4), milliseconds(4));
  EXPECT_EQ(map.ToLocal(There(kHere)), kHere);
  EXPECT_EQ(map.ToController(kHere), There(kHere));
  EXPECT_EQ(map.RoundTrip(), milliseconds(8));
}

TEST(ClockMapTest, ErrorIsWithinHalfTheRoundTripHoweverAsymmetric) {
  std::mt19937 random(7);
  std::uniform_int_distribution<int> delay(0, 50'000);
  for (int i = 0; i < 1000; ++i) {
    ClockMap map;
    Exchange(map, kHere, microseconds(delay(random)), microseconds(delay(random)));
    const Duration error = *map.ToLocal(There(kHere)) - kHere;
    EXPECT_LE(std::chrono::abs(error), *map.RoundTrip() / 2 + Duration(1));
  }
}

TEST(ClockMapTest, LeastRoundTripCounts) {
  ClockMap map;
  Exchange(map, kHere, milliseconds(1), milliseconds(1));
  Exchange(map, kHere + seconds(1), milliseconds(1), milliseconds(90));
  EXPECT_EQ(map.RoundTrip(), milliseconds(2));
  EXPECT_EQ(map.ToLocal(There(kHere)), kHere);
}

TEST(ClockMapTest, OldSamplesAreForgotten) {
  ClockMap map;
  Exchange(map, kHere, milliseconds(1), milliseconds(1));
  for (int i = 0; i < 16; ++i) Exchange(map, kHere + seconds(i), milliseconds(5), milliseconds(5));
  EXPECT_EQ(map.RoundTrip(), milliseconds(10));
}

TEST(ClockMapTest, OneThatIsMuchOlderThanTheLastDoesNotCount) {
  ClockMap map;
  Exchange(map, kHere, milliseconds(1), milliseconds(1));
  Exchange(map, kHere + seconds(10), milliseconds(5), milliseconds(5));
  EXPECT_EQ(map.RoundTrip(), milliseconds(2));
  Exchange(map, kHere + seconds(20), milliseconds(6), milliseconds(6));
  EXPECT_EQ(map.RoundTrip(), milliseconds(10));
}

TEST(ClockMapTest, ImpossibleExchangesArePassedOver) {
  ClockMap map;
  map.Add(kHere, There(kHere), There(kHere), kHere - milliseconds(1));
  map.Add(kHere, There(kHere), There(kHere) - milliseconds(1), kHere + milliseconds(1));
  map.Add(kHere, There(kHere), There(kHere) + seconds(1), kHere + milliseconds(1));
  EXPECT_EQ(map.RoundTrip(), std::nullopt);
}

TEST(ClockMapTest, ResetForgets) {
  ClockMap map;
  Exchange(map, kHere, milliseconds(1), milliseconds(1));
  map.Reset();
  EXPECT_EQ(map.RoundTrip(), std::nullopt);
}

}  // namespace
}  // namespace faultline
