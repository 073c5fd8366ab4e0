#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "controller/cli/call.h"
#include "controller/cli/verbs.h"
#include "controller/report/render_examinations.h"

namespace faultline {
namespace {

struct DoctorArguments {
  std::vector<std::string> nodes;
  bool all = false;
  bool strict = false;
};

// Of a file too: what is read there is read on a terminal.
constexpr std::size_t kWidest = 80;

ExitCode Examine(const CommonArguments& common, const DoctorArguments& arguments) {
  const auto client = Connect(common);
  if (!client.ok()) return Fail(client.status());
  v1::ExamineNodesRequest request;
  request.mutable_names()->Assign(arguments.nodes.begin(), arguments.nodes.end());
  const auto response = (*client)->Call(&v1::ControlService::Stub::ExamineNodes, request);
  if (!response.ok()) return Fail(response.status());
  TerminalStyle style = StyleOfStdout();
  style.width = std::min(style.width, kWidest);
  const bool all = arguments.all || !arguments.nodes.empty();
  std::cout << (common.json ? ToJson(*response) : RenderExaminations(*response, all, style));
  return IsAmiss(*response, arguments.strict) ? ExitCode::kBadNode : ExitCode::kOk;
}

}  // namespace

void AddDoctorVerb(CommandLine& line) {
  const auto arguments = std::make_shared<DoctorArguments>();
  CLI::App& doctor = line.AddVerb("doctor", "Whether nodes can do what plans will ask, and what would mend them",
                                  "faultline doctor · faultline doctor lon-1 par-2",
                                  [&line, arguments] { return Examine(line.common(), *arguments); });
  doctor.add_option("NODES", arguments->nodes, "Names of nodes, of which all is shown; without any, every node");
  doctor.add_flag("--all", arguments->all, "Show what is as it should be, too");
  doctor.add_flag("--strict", arguments->strict, "Exit with 5 for a warning too");
}

}  // namespace faultline
