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

}  // namespace
}  // namespace faultline
