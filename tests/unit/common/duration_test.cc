#include "common/duration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "common/clock.h"

namespace faultline {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(ParseDurationTest, ReadsNumbersWithUnits) {
  const std::pair<const char*, Duration> cases[] = {
      {"250ms", milliseconds(250)},
      {"1.5s", milliseconds(1500)},
      {"1h30m", minutes(90)},
      {"1h0m1s", seconds(3601)},
      {"90m", minutes(90)},
      {"7us", microseconds(7)},
      {"3ns", Duration(3)},
      {"0", Duration(0)},
      {"0s", Duration(0)},
      {"0.5h", minutes(30)},
      {"1s1ms1us1ns", Duration(1'001'001'001)},
      {"0.000000001s", Duration(1)},
      {"0.0000000009s", Duration(0)},
      {"10000h", hours(10'000)},
  };
  for (const auto& [text, expected] : cases) {
    const absl::StatusOr<Duration> duration = ParseDuration(text);
    ASSERT_TRUE(duration.ok()) << text << ": " << duration.status();
    EXPECT_EQ(*duration, expected) << text;
  }
}

TEST(ParseDurationTest, ReadsIso8601) {
  const std::pair<const char*, Duration> cases[] = {
      {"PT5M", minutes(5)},          {"PT1H30M", minutes(90)},
      {"PT0.5S", milliseconds(500)}, {"pt1h0m2.25s", Duration(hours(1) + milliseconds(2250))},
      {"PT10000H", hours(10'000)},
  };
  for (const auto& [text, expected] : cases) {
    const absl::StatusOr<Duration> duration = ParseDuration(text);
    ASSERT_TRUE(duration.ok()) << text << ": " << duration.status();
    EXPECT_EQ(*duration, expected) << text;
  }
}

TEST(ParseDurationTest, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "it is empty"},
      {"PT", "it is empty"},
      {"10", "it has no unit"},
      {"1h30", "it has no unit"},
      {"-5s", "it is negative"},
      {"5 s", "it has no unit"},
      {" 5s", "a number is expected"},
      {"s", "a number is expected"},
      {"1.s", "a number is expected"},
      {".5s", "a number is expected"},
      {"+5s", "a number is expected"},
      {"1e3s", "'e' is no unit of time"},
      {"5sec", "'sec' is no unit of time"},
      {"5d", "'d' is no unit of time"},
      {"5MS", "'MS' is no unit of time"},
      {"PT5MS", "'ms' is no unit of time"},
      {"P1DT1H", "a number is expected"},
      {"30m1h", "units must get smaller from left to right"},
      {"1s1s", "units must get smaller from left to right"},
      {"10000h1ns", "it is longer than 10000h"},
      {"99999999999999999999999999999999999999999999999h", "it is longer than 10000h"},
  };
  for (const auto& [text, expected] : cases) {
    const absl::StatusOr<Duration> duration = ParseDuration(text);
    ASSERT_FALSE(duration.ok()) << text;
    EXPECT_EQ(duration.status().message(), std::string("'") + text + "' is not a duration: " + expected +
                                               "; write for example 250ms, 30s, 1h30m or PT5M");
  }
}

TEST(FormatDurationTest, IsShort) {
  EXPECT_EQ(FormatDuration(Duration(0)), "0s");
  EXPECT_EQ(FormatDuration(milliseconds(250)), "250ms");
  EXPECT_EQ(FormatDuration(minutes(90)), "1h30m");
  EXPECT_EQ(FormatDuration(hours(1) + Duration(1)), "1h1ns");
  EXPECT_EQ(FormatDuration(-seconds(1)), "-1s");
}

// Nothing longer is written, not even the most negative count there is.
TEST(FormatDurationTest, WritesTheExtremes) {
  EXPECT_EQ(FormatDuration(Duration::max()), "2562047h47m16s854ms775us807ns");
  EXPECT_EQ(FormatDuration(Duration::min()), "-2562047h47m16s854ms775us808ns");
}

TEST(DurationTest, WhatIsWrittenReadsBack) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    // Of every size: as many small ones as large ones.
    const Duration duration(static_cast<Duration::rep>((random() % Duration(hours(10'000)).count()) >> random() % 56));
    const std::string text = FormatDuration(duration);
    const absl::StatusOr<Duration> read = ParseDuration(text);
    ASSERT_TRUE(read.ok()) << read.status();
    ASSERT_EQ(*read, duration) << text;
  }
}

TEST(SystemClockTest, GoesForward) {
  const SystemClock clock;
  const MonotonicTime before = clock.Now();
  EXPECT_GE(clock.Now(), before);
  EXPECT_GT(clock.WallNow().time_since_epoch(), hours(24 * 365 * 50));
  EXPECT_EQ(ToSteady(before).time_since_epoch(), before.time_since_epoch());
}

}  // namespace
}  // namespace faultline
