#include "controller/report/figure_text.h"

#include <gtest/gtest.h>

namespace faultline {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(FigureTextTest, DelaysAreShort) {
  EXPECT_EQ(ShortDelay(Duration(0)), "0ms");
  EXPECT_EQ(ShortDelay(microseconds(40)), "0ms");
  EXPECT_EQ(ShortDelay(microseconds(-40)), "0ms");
  EXPECT_EQ(ShortDelay(microseconds(-300)), "-0.3ms");
  EXPECT_EQ(ShortDelay(microseconds(8'240)), "8.2ms");
  EXPECT_EQ(ShortDelay(milliseconds(8)), "8ms");
  EXPECT_EQ(ShortDelay(microseconds(9'960)), "10ms");
  EXPECT_EQ(ShortDelay(microseconds(80'400)), "80ms");
  EXPECT_EQ(ShortDelay(microseconds(999'400)), "999ms");
  EXPECT_EQ(ShortDelay(microseconds(999'600)), "1s");
  EXPECT_EQ(ShortDelay(milliseconds(1'254)), "1.25s");
  EXPECT_EQ(ShortDelay(seconds(30)), "30s");
  EXPECT_EQ(ShortDelay(seconds(3600)), "3600s");
}

TEST(FigureTextTest, SharesHaveTwoDigits) {
  EXPECT_EQ(ShortShare(0), "0%");
  EXPECT_EQ(ShortShare(1), "100%");
  EXPECT_EQ(ShortShare(0.01), "1%");
  EXPECT_EQ(ShortShare(1 - 0.99), "1%");
  EXPECT_EQ(ShortShare(0.0154), "1.5%");
  EXPECT_EQ(ShortShare(0.2857), "29%");
  EXPECT_EQ(ShortShare(0.0005), "0.05%");
  EXPECT_EQ(ShortShare(0.00001234), "0.0012%");
  EXPECT_EQ(ShortShare(0.995), "99.5%");
  EXPECT_EQ(ShortShare(0.99999), "99.9%");
}

TEST(FigureTextTest, CountsAreInGroups) {
  EXPECT_EQ(GroupedCount(0), "0");
  EXPECT_EQ(GroupedCount(999), "999");
  EXPECT_EQ(GroupedCount(1'000), "1 000");
  EXPECT_EQ(GroupedCount(12'345), "12 345");
  EXPECT_EQ(GroupedCount(18'446'744'073'709'551'615u), "18 446 744 073 709 551 615");
}

}  // namespace
}  // namespace faultline
