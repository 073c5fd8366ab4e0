#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "agent/config.h"
#include "agent/ec2/ec2_start.h"

namespace faultline {

// The configuration of this file. One without a controller has the one that the node was enrolled at; that may be
// nobody. Errors of ReadFile and ParseAgentConfig.
absl::StatusOr<AgentConfig> LoadConfig(const std::string& file);

// Whether the node's name is what EC2 says.
bool IsNamedByEc2(const AgentConfig& config);

// The node's name: the host's, or what EC2 says, when the configuration gives none. INVALID_ARGUMENT when the host's is
// no name; errors of Ec2Start::Name.
absl::StatusOr<NodeName> NameOf(const AgentConfig& config, const Ec2Start& ec2);

// What EC2 says of a node of which nothing is asked there.
Ec2Start WithoutEc2();

}  // namespace faultline
