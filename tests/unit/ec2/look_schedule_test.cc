#include "agent/ec2/look_schedule.h"

#include <gtest/gtest.h>

namespace faultline {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using Macs = LookSchedule::Macs;

constexpr MonotonicTime kStart{seconds(1000)};

TEST(LookScheduleTest, EveryTenMinutesWhileNothingHappens) {
  LookSchedule schedule(Macs{"a"}, kStart);
  EXPECT_EQ(schedule.next(), kStart + minutes(10));
  schedule.OnHost({"a", "docker0"}, kStart);
  EXPECT_EQ(schedule.next(), kStart + minutes(10)) << "what was there at the start is no change";
  schedule.OnLook(Macs{"a"}, kStart + minutes(10));
  EXPECT_EQ(schedule.next(), kStart + minutes(20));
}

TEST(LookScheduleTest, AfterAChangeUntilItIsShown) {
  LookSchedule schedule(Macs{"a"}, kStart);
  schedule.OnHost({"a"}, kStart);
  MonotonicTime now = kStart + seconds(30);
  schedule.OnHost({"a", "b"}, now);
  EXPECT_EQ(schedule.next(), now);
  schedule.OnLook(Macs{"a"}, now);
  EXPECT_EQ(schedule.next(), now + seconds(1));
  now += seconds(1);
  schedule.OnLook(Macs{"a"}, now);
  EXPECT_EQ(schedule.next(), now + seconds(2));
  now += seconds(2);
  schedule.OnLook(Macs{"a", "b"}, now);
  EXPECT_EQ(schedule.next(), now + minutes(10));

  schedule.OnHost({"a"}, now + seconds(5));
  EXPECT_EQ(schedule.next(), now + seconds(5));
  schedule.OnLook(Macs{"a", "b"}, now + seconds(5));
  EXPECT_EQ(schedule.next(), now + seconds(6)) << "it is to be shown no more";
  schedule.OnLook(Macs{"a"}, now + seconds(6));
  EXPECT_EQ(schedule.next(), now + seconds(6) + minutes(10));
}

TEST(LookScheduleTest, WhatIsNeverShownIsGivenUp) {
  LookSchedule schedule(Macs{"a"}, kStart);
  schedule.OnHost({"a"}, kStart);
  schedule.OnHost({"a", "tun"}, kStart + seconds(5));
  int looks = 0;
  while (schedule.next() < kStart + minutes(5)) {
    schedule.OnLook(Macs{"a"}, schedule.next());
    ++looks;
  }
  EXPECT_EQ(looks, 7);
}

TEST(LookScheduleTest, NoMoreThanOneLookASecond) {
  LookSchedule schedule(Macs{"a"}, kStart);
  schedule.OnHost({"a"}, kStart);
  schedule.OnHost({"a", "b"}, kStart);
  EXPECT_EQ(schedule.next(), kStart + seconds(1));
  schedule.OnHost({"a"}, kStart);
  EXPECT_EQ(schedule.next(), kStart + seconds(1));
}

TEST(LookScheduleTest, FailuresAreTriedAgainLessAndLessOften) {
  LookSchedule schedule(std::nullopt, kStart);
  EXPECT_EQ(schedule.next(), kStart + seconds(1));
  MonotonicTime now = kStart;
  for (int i = 0; i < 20; ++i) schedule.OnLook(std::nullopt, now = schedule.next());
  EXPECT_EQ(schedule.next(), now + minutes(10));
  schedule.OnLook(Macs{}, now);
  schedule.OnLook(std::nullopt, now);
  EXPECT_EQ(schedule.next(), now + seconds(1));
}

}  // namespace
}  // namespace faultline
