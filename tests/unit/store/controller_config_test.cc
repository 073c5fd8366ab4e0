#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "controller/config.h"

namespace faultline {
namespace {

TEST(ControllerConfigTest, ReadsEveryKey) {
  const auto config = ParseControllerConfig(
      "listen: 198.18.0.10:7400\nsocket: /tmp/c.sock\nstate: /tmp/s\nlease: 3s\nprobe: {port: 9, rate: 50, tcp: "
      "false}\n",
      "c.yaml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->listen, "198.18.0.10:7400");
  EXPECT_EQ(config->socket, "/tmp/c.sock");
  EXPECT_EQ(config->state, "/tmp/s");
  EXPECT_EQ(config->lease, std::chrono::seconds(3));
  EXPECT_EQ(config->probe_port, 9);
  EXPECT_EQ(config->probe_rate, 50);
  EXPECT_FALSE(config->tcp_probes);
}

TEST(ControllerConfigTest, ConnectionsAreAsManyAsIsSaid) {
  const auto config = ParseControllerConfig("connections: {open: 20000, per_second_of_one: 500}\n", "c.yaml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->connections.open, 20000U);
  EXPECT_EQ(config->connections.per_second_of_one, 500U);
  EXPECT_FALSE(config->connections.open_of_one.has_value());
  EXPECT_FALSE(config->connections.per_second.has_value());
  EXPECT_THAT(std::string(ParseControllerConfig("connections: {open: 0, opne: 1}\n", "c.yaml").status().message()),
              ::testing::AllOf(::testing::HasSubstr("c.yaml:1:21: 'open' must be a whole number from 1 to 1000000"),
                               ::testing::HasSubstr("did you mean 'open'")));
  EXPECT_THAT(std::string(ParseControllerConfig("connections: {open: -1}\n", "c.yaml").status().message()),
              ::testing::HasSubstr("'open' must be a whole number from 1 to 1000000, not '-1'"));
}

TEST(ControllerConfigTest, LogsFromInfoOnUnlessSaidOtherwise) {
  EXPECT_EQ(ParseControllerConfig("lease: 3s\n", "c.yaml")->log_level, LogLevel::kInfo);
  EXPECT_EQ(ParseControllerConfig("log: {level: warning}\n", "c.yaml")->log_level, LogLevel::kWarning);
  EXPECT_THAT(std::string(ParseControllerConfig("log: {levle: info}\n", "c.yaml").status().message()),
              ::testing::HasSubstr("did you mean 'level'"));
}

TEST(ControllerConfigTest, ThereIsNoPolicyUnlessItIsNamed) {
  EXPECT_EQ(ParseControllerConfig("lease: 3s\n", "c.yaml")->policy, "");
  EXPECT_EQ(ParseControllerConfig("policy: /etc/p.yaml\n", "c.yaml")->policy, "/etc/p.yaml");
}

TEST(ControllerConfigTest, TlsFilesAreNamedOneByOne) {
  const auto config = ParseControllerConfig("tls: {ca: /x/ca.crt, key: /x/y.key}\nidentity: common-name\n", "c.yaml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->tls,
            (TlsFiles{.ca = "/x/ca.crt", .certificate = "/etc/faultline/pki/controller.crt", .key = "/x/y.key"}));
  EXPECT_TRUE(config->common_names);
  EXPECT_FALSE(ParseControllerConfig("identity: faultline\n", "c.yaml")->common_names);
  EXPECT_FALSE(ParseControllerConfig("lease: 3s\n", "c.yaml")->common_names);
  EXPECT_THAT(std::string(ParseControllerConfig("tls: {cert: x}\nidentity: cn\n", "c.yaml").status().message()),
              ::testing::AllOf(::testing::HasSubstr("c.yaml:1:7:"), ::testing::HasSubstr("c.yaml:2:11: 'identity'")));
}

TEST(ControllerConfigTest, ReadsTheAuthority) {
  const auto none = ParseControllerConfig("lease: 3s\n", "c.yaml");
  EXPECT_EQ(none->authority_key, "");
  EXPECT_EQ(none->certificate_validity, std::chrono::hours(24 * 90));
  const auto config = ParseControllerConfig("authority: {key: /k/ca.key, validity: 30d}\n", "c.yaml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->authority_key, "/k/ca.key");
  EXPECT_EQ(config->certificate_validity, std::chrono::hours(24 * 30));
  EXPECT_EQ(ParseControllerConfig("authority: {validity: 20s}\n", "c.yaml")->certificate_validity,
            std::chrono::seconds(20));
}

TEST(ControllerConfigTest, AnAuthoritysValidityHasBounds) {
  for (const char* validity : {"9s", "826d", "0d", "x", "-1d", "1dd"}) {
    const auto config = ParseControllerConfig(absl::StrCat("authority: {validity: ", validity, "}\n"), "c.yaml");
    EXPECT_THAT(std::string(config.status().message()),
                ::testing::HasSubstr("c.yaml:1:23: 'validity' must be within 10s to 825d"))
        << validity;
  }
}

TEST(ControllerConfigTest, BoundsAreKept) {
  const auto config = ParseControllerConfig("lease: 10ms\nprobe: {port: 0, rate: 201}\n", "c.yaml");
  const std::string message(config.status().message());
  EXPECT_THAT(message, ::testing::HasSubstr("c.yaml:1:8: 'lease' must be within 1s to 10m"));
  EXPECT_THAT(message, ::testing::HasSubstr("c.yaml:2:15: 'port' must be a whole number from 1 to 65535"));
  EXPECT_THAT(message, ::testing::HasSubstr("c.yaml:2:24: 'rate' must be a whole number from 1 to 200"));
}

TEST(ControllerConfigTest, TcpPortsAreDialledUnlessSaidOtherwise) {
  EXPECT_TRUE(ParseControllerConfig("lease: 3s\n", "c.yaml")->tcp_probes);
  EXPECT_TRUE(ParseControllerConfig("probe: {tcp: true}\n", "c.yaml")->tcp_probes);
  EXPECT_THAT(std::string(ParseControllerConfig("probe: {tcp: maybe}\n", "c.yaml").status().message()),
              ::testing::HasSubstr("c.yaml:1:14: 'tcp'"));
}

TEST(ControllerConfigTest, CommandsAreDeniedUnlessAllowed) {
  EXPECT_FALSE(ParseControllerConfig("lease: 3s\n", "c.yaml")->allow_commands);
  EXPECT_FALSE(ParseControllerConfig("commands: deny\n", "c.yaml")->allow_commands);
  EXPECT_TRUE(ParseControllerConfig("commands: allow\n", "c.yaml")->allow_commands);
  EXPECT_THAT(std::string(ParseControllerConfig("commands: yes\n", "c.yaml").status().message()),
              ::testing::HasSubstr("c.yaml:1:11: 'commands'"));
}

TEST(ControllerConfigTest, RetentionIsRead) {
  const auto config = ParseControllerConfig("keep_runs: 90d\nkeep_run_count: 500\n", "c.yaml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->keep_runs, std::chrono::hours(24 * 90));
  EXPECT_EQ(config->keep_run_count, 500);
  EXPECT_EQ(ParseControllerConfig("lease: 3s\n", "c.yaml")->keep_runs, std::nullopt);
  for (const std::string bad : {"90", "0d", "-1d", "d", "12h", "99999d"}) {
    EXPECT_THAT(std::string(ParseControllerConfig("keep_runs: " + bad, "c.yaml").status().message()),
                ::testing::HasSubstr("c.yaml:1:12: 'keep_runs' must be within 1d to 10000d, such as 90d"));
  }
}

TEST(ControllerConfigTest, MetricsAreOnLoopbackUnlessSaidOtherwise) {
  const auto metrics = [](const std::string& text) { return ParseControllerConfig(text, "c.yaml")->metrics; };
  EXPECT_EQ(metrics("lease: 3s")->ToString(), "127.0.0.1:7402");
  EXPECT_EQ(metrics("metrics: {listen: '[::1]:9'}")->ToString(), "[::1]:9");
  EXPECT_EQ(metrics("metrics: {listen: ''}"), std::nullopt);
}

}  // namespace
}  // namespace faultline
