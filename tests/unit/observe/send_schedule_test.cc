#include "agent/observe/send_schedule.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kInterval = milliseconds(500);
constexpr std::size_t kTargets = 10;

// Follows the schedule from slot to slot; the moments and targets.
std::vector<std::pair<ControllerTime, std::size_t>> Follow(SendSchedule& schedule, ControllerTime from, Duration span) {
  std::vector<std::pair<ControllerTime, std::size_t>> sends;
  for (ControllerTime now = from; now < from + span; now += schedule.UntilNext(now)) {
    if (const auto due = schedule.TakeDue(now)) sends.emplace_back(now, *due);
  }
  return sends;
}

TEST(SendScheduleTest, EachTargetOnceAnInterval) {
  SendSchedule schedule(/*self_id=*/3, kTargets, kInterval);
  const auto sends = Follow(schedule, ControllerTime(seconds(100)), seconds(5));
  ASSERT_GE(sends.size(), 2 * kTargets);
  for (std::size_t i = 0; i < sends.size(); ++i) EXPECT_EQ(sends[i].second, (sends[0].second + i) % kTargets) << i;
}

TEST(SendScheduleTest, SlotsAreEven) {
  SendSchedule schedule(/*self_id=*/3, kTargets, kInterval);
  const auto sends = Follow(schedule, ControllerTime(seconds(100)), seconds(5));
  // The first look may come anywhere within a slot.
  for (std::size_t i = 2; i < sends.size(); ++i) {
    EXPECT_EQ(sends[i].first - sends[i - 1].first, kInterval / static_cast<int>(kTargets)) << i;
  }
}

TEST(SendScheduleTest, ASlotIsTakenOnce) {
  SendSchedule schedule(1, kTargets, kInterval);
  const ControllerTime now(seconds(100));
  EXPECT_TRUE(schedule.TakeDue(now).has_value());
  EXPECT_FALSE(schedule.TakeDue(now).has_value());
  EXPECT_FALSE(schedule.TakeDue(now + schedule.UntilNext(now) - Duration(1)).has_value());
  EXPECT_TRUE(schedule.TakeDue(now + schedule.UntilNext(now)).has_value());
}

TEST(SendScheduleTest, MissedSlotsAreNotMadeUpFor) {
  SendSchedule schedule(1, kTargets, kInterval);
  const ControllerTime late = ControllerTime(seconds(200));
  EXPECT_TRUE(schedule.TakeDue(ControllerTime(seconds(100))).has_value());
  EXPECT_TRUE(schedule.TakeDue(late).has_value());
  EXPECT_FALSE(schedule.TakeDue(late).has_value());
}

TEST(SendScheduleTest, GoesOnWhenTheClockGoesBack) {
  SendSchedule schedule(1, kTargets, kInterval);
  EXPECT_TRUE(schedule.TakeDue(ControllerTime(seconds(100))).has_value());
  const auto sends = Follow(schedule, ControllerTime(seconds(-1)), seconds(2));
  EXPECT_GE(sends.size(), 4 * kTargets);
  for (const auto& [time, target] : sends) EXPECT_LT(target, kTargets);
}

TEST(SendScheduleTest, NodesDoNotBurstTogether) {
  constexpr int kNodes = 24;
  constexpr Duration kSlot = kInterval / static_cast<int>(kTargets);
  std::set<Duration> phases;
  for (std::uint32_t id = 1; id <= kNodes; ++id) {
    const SendSchedule schedule(id, kTargets, kInterval);
    phases.insert(schedule.UntilNext(ControllerTime(seconds(100))));
  }
  ASSERT_EQ(phases.size(), std::size_t{kNodes});
  for (auto later = std::next(phases.begin()); later != phases.end(); ++later) {
    EXPECT_GT(*later - *std::prev(later), kSlot / kNodes / 20);
  }
}

TEST(SendScheduleTest, DependsOnNothingButItsArguments) {
  SendSchedule one(5, kTargets, kInterval);
  SendSchedule other(5, kTargets, kInterval);
  EXPECT_EQ(Follow(one, ControllerTime(seconds(9)), seconds(3)), Follow(other, ControllerTime(seconds(9)), seconds(3)));
}

}  // namespace
}  // namespace faultline
