#include "common/step_lateness.h"

#include <gtest/gtest.h>

#include <numeric>

namespace faultline {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(StepLatenessTest, ABoundBelongsToItsOwnBucket) {
  LatenessHistogram histogram;
  histogram.Add(Duration(0));
  histogram.Add(microseconds(10));
  histogram.Add(microseconds(10) + nanoseconds(1));
  histogram.Add(seconds(1));
  histogram.Add(seconds(2));
  const auto& counts = histogram.counts();
  EXPECT_EQ(counts[0], 2u);
  EXPECT_EQ(counts[1], 1u);
  EXPECT_EQ(counts[LatenessHistogram::kBounds.size() - 1], 1u);
  EXPECT_EQ(counts[LatenessHistogram::kBounds.size()], 1u);
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}), 5u);
  EXPECT_EQ(histogram.sum(), seconds(3) + microseconds(20) + nanoseconds(1));
}

TEST(StepLatenessTest, BoundsAscend) {
  for (std::size_t i = 1; i < LatenessHistogram::kBounds.size(); ++i) {
    EXPECT_LT(LatenessHistogram::kBounds[i - 1], LatenessHistogram::kBounds[i]);
  }
}

TEST(StepLatenessTest, WhatCameEarlyIsNotLate) {
  StepLateness lateness;
  lateness.Add(/*is_fired=*/true, seconds(5), seconds(5) + microseconds(30));
  lateness.Add(/*is_fired=*/false, seconds(10), seconds(7));
  EXPECT_EQ(lateness.fired.sum(), microseconds(30));
  EXPECT_EQ(lateness.healed, LatenessHistogram());
  lateness.Add(/*is_fired=*/false, seconds(10), seconds(10));
  EXPECT_EQ(lateness.healed.counts()[0], 1u);
}

}  // namespace
}  // namespace faultline
