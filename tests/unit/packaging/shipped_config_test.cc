// The configurations that the packages install, as they are and with every setting in force.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "agent/config.h"
#include "common/file.h"
#include "controller/config.h"
#include "controller/policy/policy.h"

namespace faultline {
namespace {

std::string Shipped(const std::string& name) { return ReadFile(absl::StrCat(FAULTLINE_ETC_DIR, "/", name)).value(); }

// Prose has one blank behind its #; what has none, or more, is a setting.
std::string WithEverySetting(const std::string& text) {
  std::string in_force;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    const bool prose = line.size() < 3 || (line[0] == '#' && line[1] == ' ' && line[2] != ' ');
    if (absl::StartsWith(line, "#") && !prose) line.remove_prefix(1);
    absl::StrAppend(&in_force, line, "\n");
  }
  return in_force;
}

TEST(ShippedConfigTest, AgentAsItIs) {
  const auto config = ParseAgentConfig(Shipped("agent.yaml"), "agent.yaml");
  ASSERT_TRUE(config.ok()) << config.status();
  // The one that the node was enrolled at.
  EXPECT_EQ(config->controller, "");
  EXPECT_EQ(config->name, AgentConfig().name);
  EXPECT_EQ(config->limits.max_duration, AgentConfig().limits.max_duration);
  EXPECT_EQ(config->limits.max_runs, AgentConfig().limits.max_runs);
  EXPECT_TRUE(config->labels.empty());
}

TEST(ShippedConfigTest, AgentWithEverySetting) {
  const auto config = ParseAgentConfig(WithEverySetting(Shipped("agent.yaml")), "agent.yaml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->controller, "198.18.0.10:7400");
  EXPECT_EQ(config->tls, AgentConfig().tls);
  EXPECT_EQ(config->runtime, AgentConfig().runtime);
  EXPECT_EQ(config->tcp_listeners, AgentConfig().tcp_listeners);
  EXPECT_EQ(config->protect_dns, AgentConfig().protect_dns);
  EXPECT_EQ(config->labels.at("region"), "eu-west-2");
  ASSERT_TRUE(config->metrics.has_value());
  EXPECT_EQ(config->metrics->ToString(), AgentConfig().metrics->ToString());
}

TEST(ShippedConfigTest, ControllerAsItIs) {
  const auto config = ParseControllerConfig(Shipped("controller.yaml"), "controller.yaml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->listen, "[::]:7400");
  EXPECT_EQ(config->policy, "");
  EXPECT_FALSE(config->keep_runs.has_value());
}

TEST(ShippedConfigTest, ControllerWithEverySetting) {
  const auto config = ParseControllerConfig(WithEverySetting(Shipped("controller.yaml")), "controller.yaml");
  ASSERT_TRUE(config.ok()) << config.status();
  const ControllerConfig usual;
  EXPECT_EQ(config->socket, usual.socket);
  EXPECT_EQ(config->tls, usual.tls);
  EXPECT_EQ(config->state, usual.state);
  EXPECT_EQ(config->lease, usual.lease);
  EXPECT_EQ(config->certificate_validity, usual.certificate_validity);
  EXPECT_EQ(config->common_names, usual.common_names);
  EXPECT_EQ(config->probe_port, usual.probe_port);
  EXPECT_EQ(config->probe_rate, usual.probe_rate);
  EXPECT_EQ(config->tcp_probes, usual.tcp_probes);
  EXPECT_EQ(config->allow_commands, usual.allow_commands);
  EXPECT_EQ(config->policy, "/etc/faultline/policy.yaml");
  EXPECT_TRUE(config->keep_runs.has_value());
  ASSERT_TRUE(config->metrics.has_value());
  EXPECT_EQ(config->metrics->ToString(), usual.metrics->ToString());
}

TEST(ShippedConfigTest, Policy) {
  const auto policy = ParsePolicy(Shipped("policy.yaml"), "policy.yaml");
  EXPECT_TRUE(policy.ok()) << policy.status();
}

}  // namespace
}  // namespace faultline
