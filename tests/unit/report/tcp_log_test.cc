#include "controller/report/tcp_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "common/timeline_codec.h"
#include "tests/unit/report/tcp_fleet.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const TcpEdge kEdge = TcpEdgeOf("lon-1", "par-1", 3001);

class TcpLogTest : public ::testing::Test {
 protected:
  static v1::Observation Report(Duration start) {
    v1::Observation observation;
    v1::TcpWindow& window = *observation.add_tcp_windows();
    window.set_peer("par-1");
    window.set_family(v1::FAMILY_IPV4);
    window.set_port(3001);
    *window.mutable_start() = EncodeDuration(start);
    window.set_connected(2);
    window.set_refused(1);
    window.set_timed_out(3);
    window.set_unreachable(4);
    *window.mutable_sum_time() = EncodeDuration(milliseconds(6));
    return observation;
  }
  std::vector<TcpLog::Window> Windows(const TcpEdge& edge, Duration start, Duration end) {
    return log_.Windows(edge, ControllerTime(start), ControllerTime(end));
  }

  TcpLog log_{milliseconds(100)};
};

TEST_F(TcpLogTest, KeepsWhatTheDiallingNodeReports) {
  ASSERT_EQ(log_.Add(NodeName("lon-1"), Report(seconds(1))), absl::OkStatus());
  ASSERT_EQ(log_.Add(NodeName("lon-1"), Report(seconds(1))), absl::OkStatus());
  const std::vector<TcpLog::Window> windows = Windows(kEdge, seconds(1), seconds(2));
  ASSERT_EQ(windows.size(), 1u);
  EXPECT_EQ(windows[0].start, ControllerTime(seconds(1)));
  EXPECT_EQ(windows[0].sum,
            (TcpSum{.connected = 4, .refused = 2, .timed_out = 6, .unreachable = 8, .sum_time = milliseconds(12)}));
  EXPECT_EQ(windows[0].sum.Attempts(), 20u);
  EXPECT_TRUE(Windows(TcpEdgeOf("par-1", "lon-1", 3001), seconds(1), seconds(2)).empty());
  EXPECT_TRUE(Windows(TcpEdgeOf("lon-1", "par-1", 3002), seconds(1), seconds(2)).empty());
}

TEST_F(TcpLogTest, GivesWindowsThatLieWhollyInTheTime) {
  for (const Duration start : {milliseconds(900), milliseconds(1000), milliseconds(1100), milliseconds(1200)}) {
    ASSERT_EQ(log_.Add(NodeName("lon-1"), Report(start)), absl::OkStatus());
  }
  EXPECT_EQ(Windows(kEdge, milliseconds(950), milliseconds(1250)).size(), 2u);
  EXPECT_EQ(Windows(kEdge, milliseconds(900), milliseconds(1300)).size(), 4u);
  log_.Trim(ControllerTime(milliseconds(1100)));
  EXPECT_EQ(Windows(kEdge, milliseconds(900), milliseconds(1300)).size(), 2u);
}

TEST_F(TcpLogTest, WhatCouldNotBeBegunIsNoAttempt) {
  v1::Observation observation = Report(seconds(1));
  v1::TcpWindow& window = *observation.mutable_tcp_windows(0);
  for (const auto set : {&v1::TcpWindow::set_connected, &v1::TcpWindow::set_refused, &v1::TcpWindow::set_timed_out,
                         &v1::TcpWindow::set_unreachable}) {
    (window.*set)(0);
  }
  window.set_failed(5);
  ASSERT_EQ(log_.Add(NodeName("lon-1"), observation), absl::OkStatus());
  EXPECT_TRUE(Windows(kEdge, seconds(1), seconds(2)).empty());
}

TEST_F(TcpLogTest, NothingOfAMalformedReportIsTaken) {
  const std::function<void(v1::TcpWindow&)> changes[] = {
      [](v1::TcpWindow& window) { window.set_peer("a b"); },
      [](v1::TcpWindow& window) { window.set_family(v1::FAMILY_UNSPECIFIED); },
      [](v1::TcpWindow& window) { window.set_port(0); },
      [](v1::TcpWindow& window) { window.set_port(65536); },
      [](v1::TcpWindow& window) { window.mutable_start()->set_nanos(1); },
      [](v1::TcpWindow& window) { window.set_timed_out(2401); },
      [](v1::TcpWindow& window) { window.mutable_sum_time()->set_seconds(61); },
      [](v1::TcpWindow& window) { *window.mutable_sum_time() = EncodeDuration(-milliseconds(1)); },
  };
  for (const auto& change : changes) {
    v1::Observation observation = Report(seconds(1));
    *observation.add_tcp_windows() = observation.tcp_windows(0);
    change(*observation.mutable_tcp_windows(1));
    const absl::Status status = log_.Add(NodeName("lon-1"), observation);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("TCP window 1 of lon-1"));
  }
  EXPECT_TRUE(Windows(kEdge, seconds(1), seconds(2)).empty());
}

}  // namespace
}  // namespace faultline
