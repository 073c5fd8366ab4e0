#include <memory>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/cli/call.h"
#include "controller/cli/verbs.h"
#include "controller/report/render_matrix.h"

namespace faultline {
namespace {

using Stub = v1::ControlService::Stub;

std::string RenderHeal(const v1::HealResponse& response) {
  std::string text = response.run_ids().empty()
                         ? "nothing to heal: no run was in progress\n"
                         : absl::StrCat("healed: ended ", absl::StrJoin(response.run_ids(), ", "), "\n");
  if (!response.unreachable_nodes().empty()) {
    absl::StrAppend(
        &text, "not connected, and healed by their leases: ", absl::StrJoin(response.unreachable_nodes(), ", "), "\n");
  }
  return text;
}

ExitCode ShowMatrix(const CommonArguments& common, bool watch) {
  const TerminalStyle style = StyleOfStdout();
  const auto once = [&] {
    return CallAndPrint(common, &Stub::GetMatrix, v1::GetMatrixRequest(),
                        [&](const v1::GetMatrixResponse& response) { return RenderMatrix(response.now(), style); });
  };
  ExitCode code = once();
  while (watch && code == ExitCode::kOk) {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    if (StdoutIsTerminal() && !common.json) std::cout << "\033[H\033[J";
    code = once();
    std::cout << std::flush;
  }
  return code;
}

}  // namespace

void AddFleetVerbs(CommandLine& line) {
  struct Arguments {
    bool watch = false;
    bool all = false;
  };
  const auto arguments = std::make_shared<Arguments>();
  line.AddVerb("nodes", "Every node the controller knows", "faultline nodes --json",
               [&line] { return CallAndPrint(line.common(), &Stub::ListNodes, v1::ListNodesRequest(), RenderNodes); });
  line.AddVerb("matrix", "Who reaches whom now, as the probes saw it", "faultline matrix --watch",
               [&line, arguments] { return ShowMatrix(line.common(), arguments->watch); })
      .add_flag("--watch", arguments->watch, "Again every second");
  line.AddVerb("heal", "End every run now; every node heals", "faultline heal --all",
               [&line] { return CallAndPrint(line.common(), &Stub::Heal, v1::HealRequest(), RenderHeal); })
      .add_flag("--all", arguments->all, "All runs, as without it");
}

}  // namespace faultline
