#include "agent/loaded_config.h"

#include <unistd.h>

#include "agent/enrolled_controller.h"
#include "common/file.h"
#include "common/status.h"

namespace faultline {

absl::StatusOr<AgentConfig> LoadConfig(const std::string& file) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
  FAULTLINE_ASSIGN_OR_RETURN(AgentConfig config, ParseAgentConfig(text, file));
  if (config.controller.empty()) config.controller = EnrolledController(config.tls).value_or("");
  return config;
}

bool IsNamedByEc2(const AgentConfig& config) {
  return config.name.empty() && config.ec2.name != Ec2Config::NameFrom::kHost;
}

absl::StatusOr<NodeName> NameOf(const AgentConfig& config, const Ec2Start& ec2) {
  if (!config.name.empty()) return config.name;
  if (IsNamedByEc2(config)) return ec2.Name(config.ec2);
  char host[256] = {};
  gethostname(host, sizeof(host) - 1);
  FAULTLINE_RETURN_IF_ERROR(WithContext(CheckName(host, "host name"), "the configuration has no 'name', and"));
  return NodeName(host);
}

Ec2Start WithoutEc2() { return {.reader = nullptr, .first = absl::NotFoundError("")}; }

}  // namespace faultline
