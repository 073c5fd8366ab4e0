#include "agent/session/renewal.h"

#include <gtest/gtest.h>

namespace faultline {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr WallTime kNow{seconds(1'767'225'600)};

TEST(PauseBeforeRenewalTest, WaitsUntilItIsDueButNoLongerThanAnHour) {
  EXPECT_EQ(PauseBeforeRenewal(kNow + minutes(10), kNow + hours(1), kNow), minutes(10));
  EXPECT_EQ(PauseBeforeRenewal(kNow + hours(24 * 60), kNow + hours(24 * 90), kNow), hours(1));
}

TEST(PauseBeforeRenewalTest, TriesOftenEnoughWhenItIsDue) {
  EXPECT_EQ(PauseBeforeRenewal(kNow, kNow + hours(24 * 30), kNow), hours(1));
  EXPECT_EQ(PauseBeforeRenewal(kNow - minutes(1), kNow + minutes(20), kNow), minutes(1));
  EXPECT_EQ(PauseBeforeRenewal(kNow - minutes(1), kNow + seconds(1), kNow), milliseconds(500));
}

TEST(PauseBeforeRenewalTest, DoesNotHurryWhenItIsTooLate) {
  EXPECT_EQ(PauseBeforeRenewal(kNow - hours(2), kNow, kNow), minutes(1));
  EXPECT_EQ(PauseBeforeRenewal(kNow - hours(24 * 3650), kNow - hours(24 * 3600), kNow), minutes(1));
}

}  // namespace
}  // namespace faultline
