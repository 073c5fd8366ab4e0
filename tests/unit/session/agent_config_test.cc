#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/config.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;

TEST(AgentConfigTest, ItsOwnDnsServersAreProtectedUnlessItSaysOtherwise) {
  EXPECT_TRUE(ParseAgentConfig("controller: a:1\n", "agent.yaml")->protect_dns);
  EXPECT_TRUE(ParseAgentConfig("controller: a:1\nprotect: {dns: system}\n", "agent.yaml")->protect_dns);
  EXPECT_FALSE(ParseAgentConfig("controller: a:1\nprotect: {dns: none}\n", "agent.yaml")->protect_dns);
  EXPECT_THAT(ParseAgentConfig("controller: a:1\nprotect: {dns: nono}\n", "agent.yaml").status().message(),
              ::testing::HasSubstr("did you mean 'none'"));
}

TEST(AgentConfigTest, ReadsEveryKey) {
  const auto config = ParseAgentConfig(R"yaml(
name: lon-1
controller: 198.18.0.10:7400
runtime: /tmp/x
labels: {region: eu-west-2, az: a}
interfaces: [eth0, eth1]
protect: {cidrs: [10.9.0.0/16, "fd00::/8"], ports: [443]}
lane_memory: 64mb
guard: {max_duration: 10m, max_runs: 2, max_steps: 5, max_rules: 6, max_ranges: 7}
tcp_listeners: true
ec2: {tags: true, imdsv1: allow}
tls: {ca: /x/ca.crt, certificate: /x/n.crt, key: /x/n.key}
log: {level: debug}
)yaml",
                                       "agent.yaml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->name.text(), "lon-1");
  EXPECT_EQ(config->controller, "198.18.0.10:7400");
  EXPECT_EQ(config->runtime, "/tmp/x");
  EXPECT_EQ(config->labels.at("region"), "eu-west-2");
  EXPECT_THAT(config->interfaces, ElementsAre("eth0", "eth1"));
  EXPECT_EQ(config->protect.remotes.ToString(), "10.9.0.0/16, fd00::/8");
  EXPECT_THAT(config->protect.ports, ElementsAre(443));
  EXPECT_EQ(config->limits.max_duration, std::chrono::minutes(10));
  EXPECT_EQ(config->limits.max_runs, 2u);
  EXPECT_EQ(config->limits.max_steps, 5u);
  EXPECT_EQ(config->limits.max_rules, 6u);
  EXPECT_EQ(config->limits.max_ranges, 7u);
  EXPECT_EQ(config->lane_memory, 64'000'000u);
  EXPECT_TRUE(config->tcp_listeners);
  EXPECT_TRUE(config->ec2.tags && config->ec2.allow_v1);
  EXPECT_EQ(config->log_level, LogLevel::kDebug);
  EXPECT_EQ(config->tls, (TlsFiles{.ca = "/x/ca.crt", .certificate = "/x/n.crt", .key = "/x/n.key"}));
}

TEST(AgentConfigTest, TellsEveryErrorWithItsPlace) {
  const auto config = ParseAgentConfig("nme: x\nprotect:\n  ports: [0]\n  cidrs: [10.9.1.0/16]\n", "agent.yaml");
  EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument);
  const std::string message(config.status().message());
  EXPECT_THAT(message, ::testing::HasSubstr("agent.yaml:1:1: unknown key 'nme'"));
  EXPECT_THAT(message, ::testing::HasSubstr("did you mean 'name'?"));
  EXPECT_THAT(message, ::testing::HasSubstr("agent.yaml:3:11: port 0"));
  EXPECT_THAT(message, ::testing::HasSubstr("agent.yaml:4:11: CIDR '10.9.1.0/16' has host bits set"));
}

TEST(AgentConfigTest, LogsFromInfoOnUnlessSaidOtherwise) {
  EXPECT_EQ(ParseAgentConfig("controller: c:1\n", "agent.yaml")->log_level, LogLevel::kInfo);
  EXPECT_THAT(ParseAgentConfig("controller: c:1\nlog: {level: loud}\n", "agent.yaml").status().message(),
              ::testing::HasSubstr("agent.yaml:2:14: 'level'"));
}

TEST(AgentConfigTest, NoListenersUnlessSaidOtherwise) {
  EXPECT_FALSE(ParseAgentConfig("controller: c:1\n", "agent.yaml")->tcp_listeners);
  EXPECT_FALSE(ParseAgentConfig("controller: c:1\ntcp_listeners: false\n", "agent.yaml")->tcp_listeners);
  EXPECT_THAT(std::string(ParseAgentConfig("controller: c:1\ntcp_listeners: 1\n", "agent.yaml").status().message()),
              ::testing::HasSubstr("agent.yaml:2:16: 'tcp_listeners'"));
}

TEST(AgentConfigTest, LaneMemoryNeedsAUnitAndASensibleSize) {
  const auto error = [](const char* value) {
    const auto config = ParseAgentConfig(std::string("controller: c:1\nlane_memory: ") + value + "\n", "agent.yaml");
    return std::string(config.status().message());
  };
  EXPECT_EQ(error("64"), "agent.yaml:2:14: '64' is not a size: it has no unit; write for example 64kb, 1500b or 16mb");
  EXPECT_EQ(error("10kb"), "agent.yaml:2:14: 'lane_memory' is 10kb; give at least 1mb");
}

TEST(AgentConfigTest, MetricsAreOnLoopbackUnlessSaidOtherwise) {
  const auto metrics = [](const std::string& text) {
    return ParseAgentConfig("controller: c:1\n" + text, "agent.yaml")->metrics;
  };
  EXPECT_EQ(metrics("")->ToString(), "127.0.0.1:7403");
  EXPECT_EQ(metrics("metrics: {listen: '127.0.0.1:9'}")->ToString(), "127.0.0.1:9");
  EXPECT_EQ(metrics("metrics: {listen: ''}"), std::nullopt);
}

}  // namespace
}  // namespace faultline
