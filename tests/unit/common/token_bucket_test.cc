#include "common/token_bucket.h"

#include <gtest/gtest.h>

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MonotonicTime kStart{seconds(1000)};

TEST(TokenBucketTest, TakesItsCapacityAtOnceAndThenItsRate) {
  TokenBucket bucket(10, 2);
  EXPECT_TRUE(bucket.Take(10, kStart));
  EXPECT_FALSE(bucket.Take(1, kStart));
  EXPECT_FALSE(bucket.Take(1, kStart + milliseconds(400)));
  EXPECT_TRUE(bucket.Take(1, kStart + milliseconds(600)));
  EXPECT_FALSE(bucket.Take(11, kStart + seconds(100)));
  EXPECT_TRUE(bucket.Take(10, kStart + seconds(100)));
}

TEST(TokenBucketTest, WhatIsRefusedIsNotCounted) {
  TokenBucket bucket(10, 1);
  EXPECT_FALSE(bucket.Take(11, kStart));
  EXPECT_TRUE(bucket.Take(10, kStart));
}

}  // namespace
}  // namespace faultline
