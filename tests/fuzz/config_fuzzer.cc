// Any bytes as the agent's and the controller's configuration: what reads without an error is within its bounds.

#include <cstddef>
#include <cstdint>

#include "agent/config.h"
#include "common/document/text_error.h"
#include "controller/config.h"
#include "tests/fuzz/require.h"

namespace faultline {
namespace {

void CheckError(const absl::Status& status) {
  FAULTLINE_REQUIRE(absl::IsInvalidArgument(status) && !FindBadText(status.message()));
  FAULTLINE_REQUIRE(status.message().find("c.yaml") != absl::string_view::npos);
}

void CheckAgent(const AgentConfig& config) {
  FAULTLINE_REQUIRE(config.name.empty() || CheckName(config.name.text(), "node name").ok());
  FAULTLINE_REQUIRE(config.limits.max_duration >= Duration(0) && config.lane_memory >= 1'000'000);
  for (const std::uint16_t port : config.protect.ports) FAULTLINE_REQUIRE(port > 0);
}

void CheckController(const ControllerConfig& config) {
  FAULTLINE_REQUIRE(config.lease >= kShortestLease && config.lease <= kLongestLease);
  FAULTLINE_REQUIRE(config.probe_port > 0 && config.probe_rate >= 1);
  FAULTLINE_REQUIRE(!config.keep_run_count || *config.keep_run_count >= 1);
}

}  // namespace
}  // namespace faultline

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto agent = faultline::ParseAgentConfig(text, "c.yaml");
  agent.ok() ? faultline::CheckAgent(*agent) : faultline::CheckError(agent.status());
  const auto controller = faultline::ParseControllerConfig(text, "c.yaml");
  controller.ok() ? faultline::CheckController(*controller) : faultline::CheckError(controller.status());
  return 0;
}
