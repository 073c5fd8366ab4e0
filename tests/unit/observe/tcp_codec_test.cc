#include "agent/observe/tcp_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "common/timeline_codec.h"
#include "tests/unit/observe/tcp_samples.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;

v1::TcpProbeConfig SampleMessage() {
  const TcpMesh mesh = SampleTcpMesh();
  v1::TcpProbeConfig message;
  message.set_own_ipv4(mesh.own_ipv4->ToBytes());
  message.set_own_ipv6(mesh.own_ipv6->ToBytes());
  *message.mutable_interval() = EncodeDuration(mesh.interval);
  *message.mutable_timeout() = EncodeDuration(mesh.timeout);
  *message.mutable_window() = EncodeDuration(mesh.window);
  *message.mutable_lasts() = EncodeDuration(mesh.lasts);
  for (const TcpTarget& target : mesh.targets) {
    v1::TcpTarget& added = *message.add_targets();
    added.set_peer(target.peer.text());
    added.set_address(target.address.ToBytes());
    added.set_port(target.port);
  }
  for (const std::uint16_t port : mesh.dialled_ports) message.add_dialled_ports(port);
  return message;
}

TEST(TcpCodecTest, ReadsAMesh) {
  const absl::StatusOr<TcpMesh> mesh = DecodeTcpMesh(SampleMessage());
  ASSERT_TRUE(mesh.ok()) << mesh.status();
  EXPECT_EQ(*mesh, SampleTcpMesh());
  EXPECT_EQ(*DecodeTcpMesh({}), TcpMesh());
}

TEST(TcpCodecTest, WhatIsMalformedIsRefused) {
  struct {
    const char* message;
    std::function<void(v1::TcpProbeConfig&)> change;
  } const cases[] = {
      {"own address fd20::1 is of the other IP version",
       [](v1::TcpProbeConfig& config) { config.set_own_ipv4(config.own_ipv6()); }},
      {"TCP port 65536 is not within 1..65535",
       [](v1::TcpProbeConfig& config) { config.mutable_targets(0)->set_port(65536); }},
      {"TCP target", [](v1::TcpProbeConfig& config) { config.mutable_targets(0)->set_address("abc"); }},
      {"TCP port 0 is not within", [](v1::TcpProbeConfig& config) { config.add_dialled_ports(0); }},
      {"TCP probe", [](v1::TcpProbeConfig& config) { config.mutable_timeout()->set_nanos(-1'000'000'001); }},
      {"TCP interval 0s is not within", [](v1::TcpProbeConfig& config) { config.clear_interval(); }},
  };
  for (const auto& bad : cases) {
    v1::TcpProbeConfig message = SampleMessage();
    bad.change(message);
    const absl::Status status = DecodeTcpMesh(message).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad.message;
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(bad.message));
  }
}

TEST(TcpCodecTest, CountsGoWhole) {
  v1::Observation observation;
  const TcpCount answered = {.peer = NodeName("par-1"),
                             .family = Family::kIpv6,
                             .port = 3002,
                             .start = ControllerTime(milliseconds(300)),
                             .connected = 1,
                             .refused = 2,
                             .timed_out = 3,
                             .unreachable = 4,
                             .failed = 5,
                             .min_time = milliseconds(1),
                             .sum_time = milliseconds(6)};
  const TcpCount silent = {.peer = NodeName("par-1"), .port = 3001, .timed_out = 1};
  EncodeTcpCounts(std::vector{answered, silent}, observation);
  ASSERT_EQ(observation.tcp_windows_size(), 2);
  const v1::TcpWindow& window = observation.tcp_windows(0);
  EXPECT_EQ(window.peer(), "par-1");
  EXPECT_EQ(window.family(), v1::FAMILY_IPV6);
  EXPECT_EQ(window.port(), 3002u);
  EXPECT_EQ(DecodeDuration(window.start()).value(), milliseconds(300));
  EXPECT_EQ(
      std::vector({window.connected(), window.refused(), window.timed_out(), window.unreachable(), window.failed()}),
      (std::vector<std::uint32_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(DecodeDuration(window.min_time()).value(), milliseconds(1));
  EXPECT_EQ(DecodeDuration(window.sum_time()).value(), milliseconds(6));
  EXPECT_FALSE(observation.tcp_windows(1).has_min_time());
  EXPECT_FALSE(observation.tcp_windows(1).has_sum_time());
}

}  // namespace
}  // namespace faultline
