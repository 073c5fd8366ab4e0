// Policies: whatever the text, it is read or refused, and what was read decides with one line of reason.

#include <cstddef>
#include <cstdint>

#include "controller/policy/decide.h"
#include "controller/policy/policy.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace faultline;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<Policy> policy = ParsePolicy(text, "policy.yaml");
  if (!policy.ok()) {
    FAULTLINE_REQUIRE(absl::IsInvalidArgument(policy.status()) && !policy.status().message().empty());
    return 0;
  }
  InventoryNode node;
  node.name = NodeName("lon-1");
  node.labels = {{"env", "staging"}, {"region", "eu-west-2"}};
  const std::vector<InventoryNode> nodes = {node};
  PlanFacts facts{.faults = {{.step = "split",
                              .kinds = {FaultKind::kPartition, FaultKind::kFlap},
                              .groups = {"london", "paris"},
                              .cidrs = PrefixSet({Prefix::Parse("172.32.0.0/16").value()}),
                              .targets = {0}}},
                  .nodes = nodes,
                  .length = std::chrono::hours(30)};
  const Principal alice{.name = "alice", .role = Role::kOperator, .from = "unix:"};
  const Decision decision = Decide(*policy, alice, facts, WallTime(std::chrono::seconds(1'711'846'800)));
  FAULTLINE_REQUIRE((decision.kind == Decision::Kind::kAllowed) == decision.reason.empty());
  return 0;
}
