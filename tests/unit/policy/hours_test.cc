#include "controller/policy/hours.h"

#include <gtest/gtest.h>

#include "controller/schedule/cron.h"
#include "tests/unit/policy/wall_times.h"

namespace faultline {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

Hours Make(const std::string& days, Duration from, Duration to) {
  Hours made;
  // Sunday first, as bits are written.
  made.days = std::bitset<7>(days);
  made.from = from;
  made.to = to;
  made.zone = ReadTimeZone("Europe/London").value();
  return made;
}

bool Covers(const Hours& hours, absl::string_view from, absl::string_view to) {
  return hours.Cover(Moment(from), Moment(to));
}

// 2026-07-06 is a Monday; London is an hour ahead of UTC then.
TEST(HoursTest, CoverTheirDaysFromTheFirstMomentToJustBeforeTheLast) {
  const Hours office = Make("0011111", hours(9), hours(17));
  EXPECT_TRUE(Covers(office, "2026-07-06T08:00:00Z", "2026-07-06T15:59:59Z"));
  EXPECT_FALSE(Covers(office, "2026-07-06T07:59:59Z", "2026-07-06T08:10:00Z"));
  EXPECT_FALSE(Covers(office, "2026-07-06T15:00:00Z", "2026-07-06T16:00:00Z"));
  EXPECT_FALSE(Covers(office, "2026-07-05T10:00:00Z", "2026-07-05T10:01:00Z"));
  EXPECT_FALSE(Covers(office, "2026-07-06T10:00:00Z", "2026-07-07T10:00:00Z"));
  EXPECT_EQ(office.ToString(), "mon-fri 09:00 to 17:00 Europe/London");
}

TEST(HoursTest, OfANightAreOfTheDayOnWhichTheyBegin) {
  const Hours night = Make("0010000", hours(22), hours(6));
  // From Friday to Saturday.
  EXPECT_TRUE(Covers(night, "2026-07-10T21:00:00Z", "2026-07-11T04:59:59Z"));
  EXPECT_TRUE(Covers(night, "2026-07-11T03:00:00Z", "2026-07-11T03:01:00Z"));
  EXPECT_TRUE(night.Meet(Moment("2026-07-11T04:59:59Z"), Moment("2026-07-11T12:00:00Z")));
  EXPECT_FALSE(Covers(night, "2026-07-10T03:00:00Z", "2026-07-10T03:01:00Z"));
  EXPECT_FALSE(Covers(night, "2026-07-11T21:00:00Z", "2026-07-11T21:01:00Z"));
  EXPECT_EQ(night.ToString(), "fri 22:00 to 06:00 Europe/London");
}

TEST(HoursTest, OfWholeDaysJoin) {
  const Hours weekend = Make("1100000", hours(0), hours(24));
  EXPECT_TRUE(Covers(weekend, "2026-07-10T23:00:00Z", "2026-07-12T22:59:59Z"));
  EXPECT_FALSE(Covers(weekend, "2026-07-11T10:00:00Z", "2026-07-12T23:00:00Z"));
  EXPECT_EQ(weekend.ToString(), "sat,sun 00:00 to 24:00 Europe/London");
  const Hours always = Make("1111111", hours(0), hours(24));
  EXPECT_TRUE(Covers(always, "2026-07-10T23:00:00Z", "2026-08-12T22:59:59Z"));
}

TEST(HoursTest, GoByTheClockOnTheWallWhenItChanges) {
  const Hours morning = Make("1111111", hours(9), hours(17));
  // On 2026-03-29 at 01:00 UTC the clock goes to 02:00; on 2026-10-25 at 01:00 UTC back to 01:00.
  EXPECT_FALSE(Covers(morning, "2026-03-28T08:30:00Z", "2026-03-28T08:31:00Z"));
  EXPECT_TRUE(Covers(morning, "2026-03-29T08:30:00Z", "2026-03-29T08:31:00Z"));
  EXPECT_FALSE(Covers(morning, "2026-03-29T16:00:00Z", "2026-03-29T16:00:00Z"));
  EXPECT_TRUE(Covers(morning, "2026-10-24T08:30:00Z", "2026-10-24T08:31:00Z"));
  EXPECT_FALSE(Covers(morning, "2026-10-25T08:30:00Z", "2026-10-25T08:31:00Z"));
  // In the hour that is left out: right after it. In the one that comes twice: the first time.
  const Hours skipped = Make("1111111", hours(1) + minutes(30), hours(3));
  EXPECT_FALSE(Covers(skipped, "2026-03-29T00:59:59Z", "2026-03-29T00:59:59Z"));
  EXPECT_TRUE(Covers(skipped, "2026-03-29T01:00:00Z", "2026-03-29T01:59:59Z"));
  const Hours repeated = Make("1111111", hours(0), hours(1) + minutes(30));
  EXPECT_TRUE(Covers(repeated, "2026-10-25T00:29:59Z", "2026-10-25T00:29:59Z"));
  EXPECT_FALSE(Covers(repeated, "2026-10-25T01:10:00Z", "2026-10-25T01:10:00Z"));
}

TEST(HoursTest, MeetWhatTheyShareAnyMomentWith) {
  const Hours office = Make("0011111", hours(9), hours(17));
  EXPECT_TRUE(office.Meet(Moment("2026-07-06T07:00:00Z"), Moment("2026-07-06T08:00:00Z")));
  EXPECT_FALSE(office.Meet(Moment("2026-07-06T07:00:00Z"), Moment("2026-07-06T07:59:59Z")));
  EXPECT_FALSE(office.Meet(Moment("2026-07-06T16:00:00Z"), Moment("2026-07-06T20:00:00Z")));
  EXPECT_TRUE(office.Meet(Moment("2026-07-04T10:00:00Z"), Moment("2026-07-07T10:00:00Z")));
  EXPECT_FALSE(office.Meet(Moment("2026-07-04T10:00:00Z"), Moment("2026-07-05T10:00:00Z")));
}

}  // namespace
}  // namespace faultline
