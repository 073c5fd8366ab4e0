#include "controller/cli/schedule_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace faultline {
namespace {

using ::testing::HasSubstr;

v1::Schedule Named(const std::string& name, std::int64_t next, bool paused = false) {
  v1::Schedule schedule;
  schedule.set_name(name);
  schedule.set_cron("0 2 * * 2");
  schedule.set_timezone("Europe/London");
  schedule.set_paused(paused);
  if (next > 0) schedule.mutable_next()->set_seconds(next);
  return schedule;
}

TEST(ScheduleTextTest, SaysWhenItBeginsNext) {
  EXPECT_EQ(NextText(Named("a", 1'800'000'000)), "next at 2027-01-15 08:00:00 UTC");
  EXPECT_EQ(NextText(Named("a", 1'800'000'000, true)), "paused");
  EXPECT_EQ(NextText(Named("a", 0)), "never again");
}

TEST(ScheduleTextTest, ThoseThatNeverBeginComeLast) {
  std::vector<v1::Schedule> schedules = {Named("never", 0), Named("late", 200), Named("paused", 50, true),
                                         Named("soon", 100)};
  std::stable_sort(schedules.begin(), schedules.end(), BeginsEarlier);
  std::string order;
  for (const v1::Schedule& schedule : schedules) order += schedule.name() + " ";
  EXPECT_EQ(order, "soon late never paused ");
}

TEST(ScheduleTextTest, TablesHaveEverySchedule) {
  Schedules schedules;
  EXPECT_EQ(RenderSchedules(schedules), "no schedule yet\n");
  *schedules.Add() = Named("nightly", 1'800'000'000);
  schedules.Mutable(0)->mutable_jitter()->set_seconds(600);
  schedules.Mutable(0)->set_last_run("split-brain-3");
  EXPECT_EQ(RenderSchedules(schedules),
            "SCHEDULE  CRON                       JITTER  UNTIL  NEXT                             LAST RUN\n"
            "nightly   '0 2 * * 2' Europe/London  10m     -      next at 2027-01-15 08:00:00 UTC  split-brain-3\n");
  EXPECT_EQ(RenderNext(schedules), "next at 2027-01-15 08:00:00 UTC  nightly\n");
}

TEST(ScheduleTextTest, FreezesAreOnceOrAgainAndAgain) {
  v1::Freeze once;
  once.mutable_from()->set_seconds(1'800'000'000);
  once.mutable_to()->set_seconds(1'800'003'600);
  EXPECT_EQ(WhenText(once), "from 2027-01-15 08:00:00 UTC to 2027-01-15 09:00:00 UTC");
  v1::Freeze again;
  again.set_cron("0 20 * * *");
  again.set_timezone("UTC");
  again.mutable_length()->set_seconds(43200);
  EXPECT_EQ(WhenText(again), "for 12h from '0 20 * * *' UTC");
  Freezes freezes;
  again.set_name("nights\x1b");
  *freezes.Add() = again;
  EXPECT_THAT(RenderFreezes(freezes), HasSubstr("nights?"));
}

}  // namespace
}  // namespace faultline
