#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/cli/call.h"
#include "controller/cli/output.h"
#include "controller/cli/verbs.h"

namespace faultline {
namespace {

using Stub = v1::ControlService::Stub;

std::string RenderHeal(const v1::HealResponse& response) {
  Warn(response.warnings());
  std::string text = response.run_ids().empty()
                         ? "nothing to heal: no run was in progress\n"
                         : absl::StrCat("healed: ended ", absl::StrJoin(response.run_ids(), ", "), "\n");
  for (const std::string& id : response.observing_run_ids()) text += RenderObserving(id);
  if (!response.unreachable_nodes().empty()) {
    absl::StrAppend(
        &text, "not connected, and healed by their leases: ", absl::StrJoin(response.unreachable_nodes(), ", "), "\n");
  }
  return text;
}

std::string RenderVerbosely(const v1::ListNodesResponse& response) {
  return absl::StrCat(RenderNodes(response), "\n", RenderEc2(response));
}

}  // namespace

void AddFleetVerbs(CommandLine& line) {
  const auto verbose = std::make_shared<bool>(false);
  line.AddVerb("nodes", "Every node the controller knows", "faultline nodes --json",
               [&line, verbose] {
                 return CallAndPrint(line.common(), &Stub::ListNodes, v1::ListNodesRequest(),
                                     *verbose ? RenderVerbosely : RenderNodes);
               })
      .add_flag("-v,--verbose", *verbose, "Below it, what EC2 says of each");
  line.AddVerb("heal", "End every run now; every node heals", "faultline heal --all",
               [&line] { return CallAndPrint(line.common(), &Stub::Heal, v1::HealRequest(), RenderHeal); })
      .add_flag_callback(
          "--all", [] {}, "All runs, as without it");
}

}  // namespace faultline
