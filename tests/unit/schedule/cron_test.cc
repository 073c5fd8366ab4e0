#include "controller/schedule/cron.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

absl::TimeZone Zone(absl::string_view name) { return *ReadTimeZone(name); }

WallTime Moment(absl::string_view text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << error;
  return WallTime(Duration(absl::ToUnixNanos(time)));
}

// The next `count` moments, in the zone's own time.
std::vector<std::string> Next(absl::string_view cron, absl::string_view after, int count,
                              absl::string_view zone = "UTC") {
  const auto parsed = Cron::Parse(cron);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  std::vector<std::string> moments;
  WallTime now = Moment(after);
  for (int i = 0; i < count; ++i) {
    now = parsed->NextAfter(now, Zone(zone));
    moments.push_back(
        absl::FormatTime("%m-%d %H:%M %z", absl::FromUnixNanos(now.time_since_epoch().count()), Zone(zone)));
  }
  return moments;
}

std::string Error(absl::string_view text) { return std::string(Cron::Parse(text).status().message()); }

TEST(CronTest, MomentItselfIsNotAfterIt) {
  EXPECT_THAT(Next("0 2 * * 2", "2026-12-01T02:00:00Z", 2), ElementsAre("12-08 02:00 +0000", "12-15 02:00 +0000"));
  EXPECT_THAT(Next("0 2 * * 2", "2026-12-01T01:59:59Z", 1), ElementsAre("12-01 02:00 +0000"));
}

TEST(CronTest, ListsRangesStepsAndNames) {
  EXPECT_THAT(Next("*/20 9-10 * * *", "2026-12-01T09:30:00Z", 4),
              ElementsAre("12-01 09:40 +0000", "12-01 10:00 +0000", "12-01 10:20 +0000", "12-01 10:40 +0000"));
  EXPECT_THAT(Next("5,10-14/2 0 1 JAN,mar *", "2026-12-01T00:00:00Z", 5),
              ElementsAre("01-01 00:05 +0000", "01-01 00:10 +0000", "01-01 00:12 +0000", "01-01 00:14 +0000",
                          "03-01 00:05 +0000"));
  // 2026-12-04 is a Friday.
  EXPECT_THAT(Next("0 0 * * fri-sun", "2026-12-01T00:00:00Z", 4),
              ElementsAre("12-04 00:00 +0000", "12-05 00:00 +0000", "12-06 00:00 +0000", "12-11 00:00 +0000"));
  EXPECT_THAT(Next("0 0 * * 7", "2026-12-01T00:00:00Z", 1), Next("0 0 * * 0", "2026-12-01T00:00:00Z", 1));
}

TEST(CronTest, RangeOfSundayAloneIsSunday) {
  for (const char* cron : {"0 0 * * 0-0", "0 0 * * sun-sun", "0 0 * * 7-7", "0 0 * * sun-sun/1"}) {
    EXPECT_THAT(Next(cron, "2026-12-01T00:00:00Z", 2), ElementsAre("12-06 00:00 +0000", "12-13 00:00 +0000")) << cron;
  }
  EXPECT_THAT(Next("0 0 * * 0-7", "2026-12-01T00:00:00Z", 2), ElementsAre("12-02 00:00 +0000", "12-03 00:00 +0000"));
}

TEST(CronTest, OfTwoRestrictedDaysOneIsEnough) {
  EXPECT_THAT(Next("0 0 3 * fri", "2026-12-01T00:00:00Z", 3),
              ElementsAre("12-03 00:00 +0000", "12-04 00:00 +0000", "12-11 00:00 +0000"));
  EXPECT_THAT(Next("0 0 */2 * fri", "2026-12-01T00:00:00Z", 2), ElementsAre("12-11 00:00 +0000", "12-25 00:00 +0000"));
}

TEST(CronTest, LeapDayIsFoundAcrossACenturyWithoutOne) {
  const WallTime next = Cron::Parse("0 0 29 2 *")->NextAfter(Moment("2096-03-01T00:00:00Z"), Zone("UTC"));
  EXPECT_EQ(next, Moment("2104-02-29T00:00:00Z"));
}

// London's clocks go from 01:00 to 02:00 on 2027-03-28, and from 02:00 to 01:00 on 2026-10-25.
TEST(CronTest, FixedTimeThatIsLeftOutComesRightAfter) {
  EXPECT_THAT(Next("30 1 * * *", "2027-03-27T12:00:00Z", 2, "Europe/London"),
              ElementsAre("03-28 02:00 +0100", "03-29 01:30 +0100"));
}

TEST(CronTest, FixedTimesThatAreLeftOutComeOnce) {
  EXPECT_THAT(Next("0,15,30 1 * * *", "2027-03-27T12:00:00Z", 2, "Europe/London"),
              ElementsAre("03-28 02:00 +0100", "03-29 01:00 +0100"));
}

TEST(CronTest, FixedTimeThatComesTwiceIsTakenOnce) {
  EXPECT_THAT(Next("30 1 * * *", "2026-10-24T12:00:00Z", 2, "Europe/London"),
              ElementsAre("10-25 01:30 +0100", "10-26 01:30 +0000"));
}

TEST(CronTest, RepeatingTimesGoByElapsedTime) {
  EXPECT_THAT(Next("*/30 * * * *", "2027-03-28T00:15:00Z", 3, "Europe/London"),
              ElementsAre("03-28 00:30 +0000", "03-28 02:00 +0100", "03-28 02:30 +0100"));
  EXPECT_THAT(Next("*/30 * * * *", "2026-10-25T00:15:00Z", 4, "Europe/London"),
              ElementsAre("10-25 01:30 +0100", "10-25 01:00 +0000", "10-25 01:30 +0000", "10-25 02:00 +0000"));
}

TEST(CronTest, ErrorsNameTheField) {
  EXPECT_THAT(Error("0 2 * *"), HasSubstr("has 4 fields; expected minute, hour"));
  EXPECT_THAT(Error("60 2 * * *"), HasSubstr("the minute '60' is not within 0 to 59"));
  EXPECT_THAT(Error("0 2 * foo *"), HasSubstr("the month 'foo' is not within 1 to 12, nor a name such as 'feb'"));
  EXPECT_THAT(Error("0 9-5 * * *"), HasSubstr("the hour '9-5' is a range that runs backwards"));
  EXPECT_THAT(Error("0 */0 * * *"), HasSubstr("the hour '*/0' has a step that is not within 1 to 23"));
  EXPECT_THAT(Error("5/10 * * * *"), HasSubstr("needs '*' or a range before it"));
  EXPECT_THAT(Error(", * * * *"), HasSubstr("the minute ''"));
  EXPECT_THAT(Error("0 0 30 2 *"), HasSubstr("never comes"));
  EXPECT_THAT(Error("-1 * * * *"), HasSubstr("the minute ''"));
}

TEST(CronTest, UnknownZoneIsRefused) {
  EXPECT_THAT(std::string(ReadTimeZone("Europe/Londn").status().message()),
              HasSubstr("no time zone 'Europe/Londn' on the controller; expected one such as 'Europe/London'"));
  EXPECT_FALSE(ReadTimeZone("/etc/passwd").ok());
  EXPECT_FALSE(ReadTimeZone("../../../etc/passwd").ok());
  EXPECT_FALSE(ReadTimeZone("").ok());
}

}  // namespace
}  // namespace faultline
