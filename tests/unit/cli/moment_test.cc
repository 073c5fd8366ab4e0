#include "controller/cli/moment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matchers.h"

namespace faultline {
namespace {

using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusIs;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

std::string Text(const absl::StatusOr<absl::Time>& time) {
  return time.ok() ? FormatMoment(*time) : std::string(time.status().message());
}

TEST(MomentTest, ReadsCalendarTimesWithTheirZone) {
  EXPECT_EQ(Text(ParseMoment("2026-12-01T02:00Z", kNow)), "2026-12-01 02:00:00 UTC");
  EXPECT_EQ(Text(ParseMoment("2026-12-01T02:00:30+01:00", kNow)), "2026-12-01 01:00:30 UTC");
}

TEST(MomentTest, ReadsTimesFromNow) {
  const auto moment = ParseMoment("+10m", kNow);
  ASSERT_THAT(moment, IsOk());
  EXPECT_EQ(*moment, kNow + absl::Minutes(10));
  EXPECT_EQ(*ParseMoment("+2d", kNow), kNow + absl::Hours(48));
}

TEST(MomentTest, ReadsTimesBeforeNow) {
  EXPECT_EQ(*ParsePast("7d", kNow), kNow - absl::Hours(7 * 24));
  EXPECT_EQ(*ParsePast("1h30m", kNow), kNow - absl::Minutes(90));
  EXPECT_EQ(Text(ParsePast("2026-12-01T02:00Z", kNow)), "2026-12-01 02:00:00 UTC");
}

TEST(MomentTest, WhatItCannotReadIsAnErrorWithAnExample) {
  for (const char* text : {"", "now", "2026-12-01", "2026-12-01T02:00", "10m", "2026-13-01T02:00Z"}) {
    EXPECT_THAT(ParseMoment(text, kNow), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("2026-12-01T02:00Z")))
        << text;
  }
  EXPECT_THAT(ParseMoment("+10", kNow), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("unit")));
  EXPECT_THAT(ParsePast("yesterday", kNow), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("7d")));
  EXPECT_THAT(ForOption("--since", ParsePast("x", kNow)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--since: 'x'")));
}

TEST(MomentTest, LengthsMayBeDays) {
  EXPECT_EQ(*ParseLength("7d"), std::chrono::hours(168));
  EXPECT_EQ(*ParseLength("30s"), std::chrono::seconds(30));
  EXPECT_THAT(ParseLength("-1d"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("-1d")));
  EXPECT_THAT(ParseLength("4000d"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("3650d")));
}

}  // namespace
}  // namespace faultline
