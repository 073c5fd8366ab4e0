#include "agent/observe/tcp_tally.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/observe/tcp_samples.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Duration kWindow = milliseconds(100);

ControllerTime At(int ms) { return ControllerTime(milliseconds(ms)); }

TEST(TcpTallyTest, CountsByWindowOfTheBeginningAndOutcome) {
  TcpTally tally;
  const TcpTarget target = SampleTcpMesh().targets[0];
  tally.Count(target, At(110), kWindow, TcpOutcome::kConnected, milliseconds(4));
  tally.Count(target, At(199), kWindow, TcpOutcome::kRefused, milliseconds(2));
  tally.Count(target, At(150), kWindow, TcpOutcome::kTimedOut, milliseconds(900));
  tally.Count(target, At(150), kWindow, TcpOutcome::kUnreachable, milliseconds(1));
  tally.Count(target, At(150), kWindow, TcpOutcome::kFailed, Duration(0));
  tally.Count(target, At(200), kWindow, TcpOutcome::kTimedOut, milliseconds(900));
  EXPECT_THAT(tally.Drain(),
              ElementsAre(TcpCount{.peer = NodeName("par-1"),
                                   .port = 3001,
                                   .start = At(100),
                                   .connected = 1,
                                   .refused = 1,
                                   .timed_out = 1,
                                   .unreachable = 1,
                                   .failed = 1,
                                   .min_time = milliseconds(2),
                                   .sum_time = milliseconds(6)},
                          TcpCount{.peer = NodeName("par-1"), .port = 3001, .start = At(200), .timed_out = 1}));
  EXPECT_THAT(tally.Drain(), IsEmpty());
}

TEST(TcpTallyTest, WhatNobodyDrainsIsBoundedOldestFirst) {
  TcpTally tally;
  const TcpTarget target = SampleTcpMesh().targets[0];
  const int most = static_cast<int>(TcpTally::kMostWindows);
  for (int i = 0; i < most + 3; ++i) tally.Count(target, At(100 * i), kWindow, TcpOutcome::kRefused, Duration(1));
  EXPECT_EQ(tally.dropped(), 3u);
  const std::vector<TcpCount> counts = tally.Drain();
  ASSERT_EQ(counts.size(), TcpTally::kMostWindows);
  EXPECT_EQ(counts.front().start, At(300));
}

}  // namespace
}  // namespace faultline
