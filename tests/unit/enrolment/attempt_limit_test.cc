#include "controller/access/attempt_limit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/support/matchers.h"

namespace faultline {
namespace {

using ::faultline::testing::IsOk;
using ::faultline::testing::StatusIs;

constexpr MonotonicTime kNow{std::chrono::seconds(1000)};

TEST(AttemptLimitTest, OneMayFailTenTimesAMinute) {
  AttemptLimit limit;
  for (std::size_t i = 0; i < AttemptLimit::kMostOfOne; ++i) {
    EXPECT_THAT(limit.Check("a", kNow), IsOk());
    limit.Failed("a", kNow);
  }
  EXPECT_THAT(limit.Check("a", kNow), StatusIs(absl::StatusCode::kResourceExhausted, ::testing::HasSubstr("minute")));
  EXPECT_THAT(limit.Check("b", kNow), IsOk());
  EXPECT_THAT(limit.Check("a", kNow + AttemptLimit::kWindow - Duration(1)),
              StatusIs(absl::StatusCode::kResourceExhausted, ::testing::_));
  EXPECT_THAT(limit.Check("a", kNow + AttemptLimit::kWindow), IsOk());
}

TEST(AttemptLimitTest, AllTogetherMayFailAHundredTimesAMinute) {
  AttemptLimit limit;
  for (std::size_t i = 0; i < AttemptLimit::kMostOfAll; ++i) limit.Failed(absl::StrCat(i), kNow);
  EXPECT_THAT(limit.Check("new", kNow), StatusIs(absl::StatusCode::kResourceExhausted, ::testing::_));
  EXPECT_THAT(limit.Check("new", kNow + AttemptLimit::kWindow), IsOk());
}

TEST(AttemptLimitTest, OfIpv6AWholeNetworkIsOne) {
  EXPECT_EQ(AttemptLimit::OriginOf("ipv4:198.18.0.2"), "ipv4:198.18.0.2");
  const std::string one = AttemptLimit::OriginOf("ipv6:%5B2001:db8::1%5D");
  EXPECT_EQ(one, "ipv6:2001:db8::/64");
  EXPECT_EQ(AttemptLimit::OriginOf("ipv6:[2001:db8::ffff:1:2:3]"), one);
  EXPECT_EQ(AttemptLimit::OriginOf("ipv6:%5Bfe80::1%25eth0%5D"), "ipv6:fe80::/64");
  EXPECT_NE(AttemptLimit::OriginOf("ipv6:%5B2001:db8:0:1::1%5D"), one);
  EXPECT_NE(AttemptLimit::OriginOf("ipv6:[::ffff:198.18.0.2]"), AttemptLimit::OriginOf("ipv6:[::ffff:198.18.0.3]"));
  EXPECT_EQ(AttemptLimit::OriginOf("unix:/run/x"), "unix:/run/x");
}

}  // namespace
}  // namespace faultline
