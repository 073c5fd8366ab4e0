#include "controller/schedule/freeze.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/time/time.h"
#include "common/timeline_codec.h"
#include "controller/schedule/wall_time.h"

namespace faultline {
namespace {

using std::chrono::hours;
using ::testing::HasSubstr;

WallTime FreezeMoment(absl::string_view text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << error;
  return WallTime(Duration(absl::ToUnixNanos(time)));
}

v1::Freeze Once(const std::string& name, absl::string_view from, absl::string_view to) {
  v1::Freeze freeze;
  freeze.set_name(name);
  *freeze.mutable_from() = EncodeWall(FreezeMoment(from));
  *freeze.mutable_to() = EncodeWall(FreezeMoment(to));
  return freeze;
}

v1::Freeze Weekly(const std::string& cron, Duration length) {
  v1::Freeze freeze;
  freeze.set_name("weekly");
  freeze.set_cron(cron);
  freeze.set_timezone("Europe/London");
  *freeze.mutable_length() = EncodeDuration(length);
  return freeze;
}

bool IsFrozen(const v1::Freeze& freeze, absl::string_view when) {
  EXPECT_TRUE(CheckFreeze(freeze).ok()) << CheckFreeze(freeze);
  return FrozenAt({&freeze, 1}, FreezeMoment(when)).has_value();
}

std::string FreezeError(const v1::Freeze& freeze) { return std::string(CheckFreeze(freeze).message()); }

TEST(FreezeTest, HoldsFromItsFirstMomentToJustBeforeItsEnd) {
  const v1::Freeze freeze = Once("x", "2026-12-24T12:00:00Z", "2026-12-27T00:00:00Z");
  EXPECT_FALSE(IsFrozen(freeze, "2026-12-24T11:59:59Z"));
  EXPECT_TRUE(IsFrozen(freeze, "2026-12-24T12:00:00Z"));
  EXPECT_TRUE(IsFrozen(freeze, "2026-12-26T23:59:59Z"));
  EXPECT_FALSE(IsFrozen(freeze, "2026-12-27T00:00:00Z"));
}

TEST(FreezeTest, ComesAgainInItsZone) {
  // Fridays from 16:00 to Monday 08:00 in London; in July that is UTC+1. 2026-07-03 is a Friday.
  const v1::Freeze freeze = Weekly("0 16 * * fri", hours(64));
  EXPECT_FALSE(IsFrozen(freeze, "2026-07-03T14:59:59Z"));
  EXPECT_TRUE(IsFrozen(freeze, "2026-07-03T15:00:00Z"));
  EXPECT_TRUE(IsFrozen(freeze, "2026-07-06T06:59:59Z"));
  EXPECT_FALSE(IsFrozen(freeze, "2026-07-06T07:00:00Z"));
  EXPECT_TRUE(IsFrozen(freeze, "2026-12-04T16:30:00Z"));
  EXPECT_FALSE(IsFrozen(freeze, "2026-12-04T15:30:00Z"));
}

TEST(FreezeTest, OfSeveralTheOneThatEndsLast) {
  const std::vector<v1::Freeze> freezes = {Once("short", "2026-12-24T00:00:00Z", "2026-12-25T00:00:00Z"),
                                           Once("long", "2026-12-23T00:00:00Z", "2026-12-28T00:00:00Z"),
                                           Once("later", "2026-12-25T00:00:00Z", "2027-12-28T00:00:00Z")};
  const auto frozen = FrozenAt(freezes, FreezeMoment("2026-12-24T01:00:00Z"));
  ASSERT_TRUE(frozen);
  EXPECT_EQ(frozen->ToString(), "freeze 'long', until 2026-12-28T00:00:00Z");
}

TEST(FreezeTest, SaysWhatIsWrong) {
  v1::Freeze both = Once("x", "2026-12-24T00:00:00Z", "2026-12-25T00:00:00Z");
  both.set_cron("0 0 * * *");
  EXPECT_THAT(FreezeError(both), HasSubstr("not both"));
  v1::Freeze open = Once("x", "2026-12-24T00:00:00Z", "2026-12-25T00:00:00Z");
  open.clear_to();
  EXPECT_THAT(FreezeError(open), HasSubstr("needs both 'from' and 'to'"));
  EXPECT_THAT(FreezeError(Once("x", "2026-12-25T00:00:00Z", "2026-12-24T00:00:00Z")),
              HasSubstr("must be before its 'to'"));
  EXPECT_THAT(FreezeError(Weekly("0 0 * * *", hours(24 * 32))), HasSubstr("length must be within 1s to"));
  EXPECT_THAT(FreezeError(Weekly("0 0 * *", hours(1))), HasSubstr("has 4 fields"));
  EXPECT_THAT(FreezeError(Once("no good", "2026-12-24T00:00:00Z", "2026-12-25T00:00:00Z")), HasSubstr("freeze name"));
}

}  // namespace
}  // namespace faultline
