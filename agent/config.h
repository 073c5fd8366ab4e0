#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/ec2/ec2_config.h"
#include "agent/timeline/limits.h"
#include "common/identity/tls_files.h"
#include "common/log/level.h"
#include "common/metrics/metrics_address.h"
#include "common/name.h"
#include "common/program/program.h"

namespace faultline {

// /etc/faultline/agent.yaml, read. A value.
struct AgentConfig {
  // `name`; when absent as `ec2: {name: ...}` says, the host's name unless it says otherwise.
  NodeName name;
  // `controller`: "HOST:PORT" or "unix:PATH"; empty when absent: the one that this node was enrolled at
  // (enroll_node.h).
  std::string controller;
  // `tls`: `ca`, `certificate` and `key` of the connection to a controller that is not at a Unix socket.
  TlsFiles tls = {.ca = "/var/lib/faultline-agent/ca.crt",
                  .certificate = "/var/lib/faultline-agent/node.crt",
                  .key = "/var/lib/faultline-agent/node.key"};
  // `runtime`: folder of the agent's own socket and lock.
  std::string runtime = "/run/faultline-agent";
  // `labels`.
  std::map<std::string, std::string> labels;
  // `interfaces`: those that faults may use; empty: every usable one.
  std::vector<std::string> interfaces;
  // `protect`: `cidrs` and `ports` that no fault may touch.
  Protected protect;
  // `protect: {dns: system}`: nor may it touch the DNS servers that the node itself asks; `none`: it may.
  bool protect_dns = true;
  // `lane_memory`: bytes that packets waiting in one run's lanes may take.
  std::uint64_t lane_memory = Program::kDefaultLaneMemory;
  // `tcp_listeners`: whether the agent listens on the TCP ports that a run has dialled here, where nothing else does.
  bool tcp_listeners = false;
  // `guard`: `max_duration`, `max_runs`, and of one run `max_steps`, `max_rules` and `max_ranges`.
  Limits limits;
  // `log`: its `level`.
  LogLevel log_level = LogLevel::kInfo;
  // `metrics`: where they are shown; absent: nowhere.
  std::optional<MetricsAddress> metrics = MetricsAddress::Loopback(7403);
  // `ec2`: what instance metadata is asked.
  Ec2Config ec2;
};

// Reads the file's text. INVALID_ARGUMENT lists every error, each a line "file:line:column: what".
absl::StatusOr<AgentConfig> ParseAgentConfig(absl::string_view text, absl::string_view file_name);

}  // namespace faultline
