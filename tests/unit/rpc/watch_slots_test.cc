#include "controller/rpc/watch_slots.h"

#include <gtest/gtest.h>

#include <vector>

#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

TEST(WatchSlotsTest, OneCallerHasSoManyAndGivesThemBack) {
  WatchSlots slots;
  std::vector<WatchSlots::Slot> taken;
  for (int i = 0; i < WatchSlots::kMostOfOne; ++i) taken.push_back(*slots.Take("vera"));
  EXPECT_FALSE(slots.Take("vera").has_value());
  EXPECT_TRUE(slots.Take("olga").has_value());
  taken.pop_back();
  EXPECT_TRUE(slots.Take("vera").has_value());
}

TEST(WatchSlotsTest, AllTogetherHaveSoMany) {
  WatchSlots slots;
  std::vector<WatchSlots::Slot> taken;
  for (int i = 0; i < WatchSlots::kMostOfAll; ++i) taken.push_back(*slots.Take(absl::StrCat("user-", i / 16)));
  EXPECT_FALSE(slots.Take("olga").has_value());
  taken.clear();
  EXPECT_TRUE(slots.Take("olga").has_value());
}

}  // namespace
}  // namespace faultline
