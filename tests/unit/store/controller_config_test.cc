#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/config.h"

namespace faultline {
namespace {

TEST(ControllerConfigTest, ReadsEveryKey) {
  const auto config = ParseControllerConfig(
      "listen: 198.18.0.10:7400\nsocket: /tmp/c.sock\nstate: /tmp/s\nlease: 3s\nprobe: {port: 9, rate: 50}\n",
      "c.yaml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->listen, "198.18.0.10:7400");
  EXPECT_EQ(config->socket, "/tmp/c.sock");
  EXPECT_EQ(config->state, "/tmp/s");
  EXPECT_EQ(config->lease, std::chrono::seconds(3));
  EXPECT_EQ(config->probe_port, 9);
  EXPECT_EQ(config->probe_rate, 50);
}

TEST(ControllerConfigTest, BoundsAreKept) {
  const auto config = ParseControllerConfig("lease: 10ms\nprobe: {port: 0, rate: 201}\n", "c.yaml");
  const std::string message(config.status().message());
  EXPECT_THAT(message, ::testing::HasSubstr("c.yaml:1:8: 'lease' must be within 1s to 10m"));
  EXPECT_THAT(message, ::testing::HasSubstr("c.yaml:2:15: 'port' must be within 1 to 65535"));
  EXPECT_THAT(message, ::testing::HasSubstr("c.yaml:2:24: 'rate' must be within 1 to 200"));
}

}  // namespace
}  // namespace faultline
