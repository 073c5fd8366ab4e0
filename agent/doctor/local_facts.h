#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/config.h"
#include "agent/kernel/standing_faults.h"
#include "agent/local_client.h"
#include "common/examination.h"
#include "common/name.h"

namespace faultline {

// What of Faultline is on this node, and how it is set up. A value.
struct LocalFacts {
  // Its errors, a line each, when it is not valid.
  absl::StatusOr<AgentConfig> config = absl::UnknownError("not read");
  std::string config_file;
  // This node's, by the configuration or where that has it from; why there is none.
  absl::StatusOr<NodeName> name = absl::UnknownError("not asked for");
  // Absent when it is the running agent itself that looks.
  std::optional<LocalAgent> agent;
  absl::StatusOr<StandingFaults> kernel = absl::UnknownError("not read");
  // Whether the running agent carries faults out at real-time priority; an error where none is seen to run.
  absl::StatusOr<bool> real_time = absl::UnknownError("not asked for");
  // DNS servers outside of this node.
  std::vector<IpAddress> resolvers;
  // Of AWS Systems Manager in this node's region; absent where that is none of AWS's.
  std::optional<std::vector<IpAddress>> ssm;
  // The controller's; none when it is at a Unix socket.
  std::vector<IpAddress> controller;
};

// Each error of the configuration is a finding: "config". Pure.
Examination JudgeConfig(const LocalFacts& facts);
// "agent", "residue" and, of one that runs, "priority". Pure.
Examination JudgeAgent(const LocalFacts& facts);
// "protected": whom no fault can hit. Pure.
Examination JudgeProtected(const LocalFacts& facts);

}  // namespace faultline
