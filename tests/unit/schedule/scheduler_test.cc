#include "controller/schedule/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "common/timeline_codec.h"
#include "controller/schedule/freeze_book.h"
#include "controller/schedule/wall_time.h"
#include "tests/fakes/fake_clock.h"

namespace faultline {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// The fake clock begins at 2024-01-01 00:00 UTC, a Monday.
class SchedulerTest : public ::testing::Test {
 protected:
  SchedulerTest() { Restart(); }
  ~SchedulerTest() override {
    scheduler_.reset();
    store_.reset();
    database_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Restart() {
    scheduler_.reset();
    store_.reset();
    database_.reset();
    database_ = *Database::Open(folder_ + "/runs.sqlite");
    store_.emplace(*database_);
    scheduler_ = std::make_unique<Scheduler>(
        clock_, *store_, [this](const v1::Schedule& schedule, const Scheduler::Moment& moment) {
          std::string text = schedule.name() + " " + FormatWall(moment.due);
          if (moment.passed > 0) text += " after " + std::to_string(moment.passed);
          started_.push_back(text);
          return absl::StatusOr<std::string>(schedule.name() + "-" + std::to_string(started_.size()));
        });
    ASSERT_TRUE(scheduler_->Load().ok());
  }
  static v1::Schedule Make(const std::string& cron) {
    v1::Schedule schedule;
    schedule.set_name("weekly");
    schedule.set_cron(cron);
    schedule.set_timezone("UTC");
    return schedule;
  }
  void Pass(Duration time, Duration step = seconds(1)) {
    for (Duration passed(0); passed < time; passed += step) {
      clock_.Advance(step);
      scheduler_->Advance();
    }
  }

  std::string folder_ = [] {
    std::string name = std::filesystem::temp_directory_path() / "faultline-test-XXXXXX";
    return std::string(mkdtemp(name.data()));
  }();
  FakeClock clock_;
  std::unique_ptr<Database> database_;
  std::optional<ScheduleStore> store_;
  std::vector<std::string> started_;
  std::unique_ptr<Scheduler> scheduler_;
};

TEST_F(SchedulerTest, EachMomentIsHandedOutOnce) {
  ASSERT_TRUE(scheduler_->Add(Make("*/10 * * * *")).ok());
  Pass(minutes(21));
  EXPECT_THAT(started_, ElementsAre("weekly 2024-01-01T00:10:00Z", "weekly 2024-01-01T00:20:00Z"));
  const v1::Schedule now = scheduler_->List().front();
  EXPECT_EQ(now.last_run(), "weekly-2");
  EXPECT_EQ(FormatWall(DecodeWall(now.next())), "2024-01-01T00:30:00Z");
}

TEST_F(SchedulerTest, IsToBeCalledWhenTheNextMomentComes) {
  ASSERT_TRUE(scheduler_->Add(Make("* * * * *")).ok());
  clock_.Advance(minutes(1) - std::chrono::milliseconds(300));
  EXPECT_EQ(scheduler_->Advance() - clock_.Now(), std::chrono::milliseconds(300));
}

TEST_F(SchedulerTest, SurvivesARestartAndTellsHowManyPassed) {
  ASSERT_TRUE(scheduler_->Add(Make("*/10 * * * *")).ok());
  Pass(minutes(11));
  clock_.Advance(minutes(60));
  Restart();
  scheduler_->Advance();
  scheduler_->Advance();
  EXPECT_THAT(started_, ElementsAre("weekly 2024-01-01T00:10:00Z", "weekly 2024-01-01T01:10:00Z after 5"));
  EXPECT_EQ(FormatWall(DecodeWall(scheduler_->List().front().next())), "2024-01-01T01:20:00Z");
}

TEST_F(SchedulerTest, WhatPassedBeforeThisProcessIsApartFromWhatComesNow) {
  ASSERT_TRUE(scheduler_->Add(Make("*/10 * * * *")).ok());
  Pass(minutes(11));
  clock_.Advance(minutes(49) - seconds(1));
  Restart();
  clock_.Advance(seconds(2));
  for (int i = 0; i < 3; ++i) scheduler_->Advance();
  EXPECT_THAT(started_, ElementsAre("weekly 2024-01-01T00:10:00Z", "weekly 2024-01-01T00:50:00Z after 3",
                                    "weekly 2024-01-01T01:00:00Z"));
}

TEST_F(SchedulerTest, JitterNeverReachesTheNextMoment) {
  v1::Schedule schedule = Make("*/5 * * * *");
  *schedule.mutable_jitter() = EncodeDuration(minutes(10));
  ASSERT_TRUE(scheduler_->Add(schedule).ok());
  for (int i = 0; i < 200; ++i) {
    const v1::Schedule now = scheduler_->List().front();
    EXPECT_LT(DecodeWall(now.next()) - DecodeWall(now.planned()), minutes(5));
    clock_.Advance(DecodeWall(now.next()) - clock_.WallNow());
    scheduler_->Advance();
  }
  // None was passed over.
  EXPECT_THAT(started_, SizeIs(200));
  EXPECT_THAT(started_, ::testing::Each(::testing::Not(HasSubstr("after"))));
  EXPECT_LE(clock_.Elapsed(), 201 * minutes(5));
}

TEST_F(SchedulerTest, PausedNothingBeginsAndNothingIsMadeUpFor) {
  ASSERT_TRUE(scheduler_->Add(Make("*/10 * * * *")).ok());
  ASSERT_TRUE(scheduler_->Pause("weekly", true).ok());
  Restart();
  Pass(minutes(35));
  EXPECT_THAT(started_, IsEmpty());
  const auto resumed = scheduler_->Pause("weekly", false);
  ASSERT_TRUE(resumed.ok());
  EXPECT_EQ(FormatWall(DecodeWall(resumed->next())), "2024-01-01T00:40:00Z");
  Pass(minutes(6));
  EXPECT_THAT(started_, ElementsAre("weekly 2024-01-01T00:40:00Z"));
}

TEST_F(SchedulerTest, NothingBeginsAfterUntil) {
  v1::Schedule schedule = Make("*/10 * * * *");
  *schedule.mutable_until() = EncodeWall(clock_.WallNow() + minutes(20));
  ASSERT_TRUE(scheduler_->Add(schedule).ok());
  Pass(hours(1));
  EXPECT_THAT(started_, SizeIs(2));
  EXPECT_FALSE(scheduler_->List().front().has_next());
}

TEST_F(SchedulerTest, JitterIsWithinItsBoundAndTheSameAfterARestart) {
  v1::Schedule schedule = Make("0 * * * *");
  *schedule.mutable_jitter() = EncodeDuration(minutes(10));
  ASSERT_TRUE(scheduler_->Add(schedule).ok());
  std::set<Duration> offsets;
  for (int i = 0; i < 24; ++i) {
    const v1::Schedule now = scheduler_->List().front();
    const Duration offset = DecodeWall(now.next()) - DecodeWall(now.planned());
    EXPECT_GE(offset, Duration(0));
    EXPECT_LE(offset, minutes(10));
    offsets.insert(offset);
    v1::Schedule again = now;
    PlanNext(again, DecodeWall(now.planned()) - seconds(1));
    EXPECT_EQ(DecodeWall(again.next()), DecodeWall(now.next()));
    Pass(hours(1), minutes(1));
  }
  EXPECT_GT(offsets.size(), 15u);
  EXPECT_THAT(started_, SizeIs(::testing::AllOf(::testing::Ge(23u), ::testing::Le(24u))));
}

TEST_F(SchedulerTest, SaysWhatIsWrong) {
  ASSERT_TRUE(scheduler_->Add(Make("* * * * *")).ok());
  EXPECT_EQ(scheduler_->Add(Make("* * * * *")).status().code(), absl::StatusCode::kAlreadyExists);
  v1::Schedule schedule = Make("0 0 * * *");
  schedule.set_name("other");
  *schedule.mutable_until() = EncodeWall(clock_.WallNow() + hours(1));
  EXPECT_THAT(std::string(scheduler_->Add(schedule).status().message()), HasSubstr("never begins"));
  schedule.clear_until();
  *schedule.mutable_jitter() = EncodeDuration(hours(25));
  EXPECT_THAT(std::string(scheduler_->Add(schedule).status().message()), HasSubstr("jitter must be within 0s to 24h"));
  schedule.clear_jitter();
  schedule.set_timezone("Mars");
  EXPECT_THAT(std::string(scheduler_->Add(schedule).status().message()), HasSubstr("no time zone 'Mars'"));
  EXPECT_EQ(scheduler_->Pause("nope", true).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(scheduler_->Remove("nope").code(), absl::StatusCode::kNotFound);
}

TEST_F(SchedulerTest, RemovedIsGoneForGood) {
  ASSERT_TRUE(scheduler_->Add(Make("* * * * *")).ok());
  ASSERT_TRUE(scheduler_->Remove("weekly").ok());
  Restart();
  Pass(minutes(3));
  EXPECT_THAT(started_, IsEmpty());
  EXPECT_THAT(scheduler_->List(), IsEmpty());
}

TEST_F(SchedulerTest, FreezesSurviveARestart) {
  v1::Freeze freeze;
  freeze.set_name("night");
  freeze.set_cron("0 0 * * *");
  freeze.set_timezone("UTC");
  *freeze.mutable_length() = EncodeDuration(hours(6));
  FreezeBook book(*store_);
  ASSERT_TRUE(book.Add(freeze).ok());
  EXPECT_EQ(book.Add(freeze).code(), absl::StatusCode::kAlreadyExists);
  Restart();
  FreezeBook again(*store_);
  ASSERT_TRUE(again.Load().ok());
  EXPECT_TRUE(again.At(clock_.WallNow() + hours(5)));
  EXPECT_FALSE(again.At(clock_.WallNow() + hours(6)));
  ASSERT_TRUE(again.Remove("night").ok());
  EXPECT_FALSE(again.At(clock_.WallNow() + hours(5)));
  EXPECT_EQ(again.Remove("night").code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace faultline
