#include "controller/cli/commands.h"

#include <filesystem>
#include <iostream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/file.h"
#include "common/status.h"
#include "controller/cli/client.h"
#include "controller/cli/output.h"
#include "controller/cli/sample_files.h"
#include "controller/cli/watch.h"
#include "controller/plan/plan_yaml.h"
#include "controller/report/render_matrix.h"
#include "controller/report/render_run.h"

namespace faultline {
namespace {

using Stub = v1::ControlService::Stub;

ExitCode Fail(const absl::Status& status, ExitCode code) {
  std::cerr << status.message() << "\n";
  return code;
}

ExitCode Fail(const absl::Status& status) { return Fail(status, ExitCodeOf(status)); }

absl::StatusOr<std::unique_ptr<Client>> Connect(const CommonArguments& common) {
  return Client::Connect(common.controller, common.insecure);
}

// One call and its output: JSON, or `render`'s text.
template <typename Request, typename Response, typename Render>
ExitCode CallAndPrint(const CommonArguments& common,
                      grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                      const Request& request, Render render) {
  const auto client = Connect(common);
  if (!client.ok()) return Fail(client.status());
  const absl::StatusOr<Response> response = (*client)->Call(method, request);
  if (!response.ok()) return Fail(response.status());
  std::cout << (common.json ? ToJson(*response) : render(*response));
  return ExitCode::kOk;
}

// A plan with the files that it names; `directory` is where they are.
absl::StatusOr<v1::PlanSource> WholePlan(std::string text, const std::string& directory, const std::string& name) {
  v1::PlanSource source;
  FAULTLINE_ASSIGN_OR_RETURN(*source.mutable_text(), AddSampleFiles(std::move(text), directory, name));
  source.set_file_name(name);
  return source;
}

absl::StatusOr<v1::PlanSource> ReadPlanFile(const std::string& file) {
  absl::StatusOr<std::string> text = ReadFile(file);
  if (!text.ok()) return absl::InvalidArgumentError(text.status().message());
  return WholePlan(*std::move(text), std::filesystem::path(file).parent_path(), file);
}

// Errors of the language need no controller to be found.
absl::StatusOr<Plan> ParseSource(const v1::PlanSource& source) {
  ParsedPlan parsed = ParsePlan(source.text());
  if (!parsed.errors.empty()) return absl::InvalidArgumentError(JoinErrors(parsed.errors, source.file_name()));
  return std::move(parsed.plan);
}

ExitCode PrintRun(const CommonArguments& common, const v1::Run& run, bool whole) {
  if (common.json) {
    std::cout << ToJson(run);
  } else if (whole) {
    std::cout << RenderRun(run, StyleOfStdout());
  } else {
    std::cout << run.id() << ": " << StandingOf(run) << ": " << run.summary() << "\n";
  }
  return ExitCodeOf(run);
}

// Starts a plan and follows it, and prints its end; what keeps it from that is the error.
absl::StatusOr<ExitCode> RunSource(const CommonArguments& common, const v1::PlanSource& source, bool watch,
                                   bool detach) {
  FAULTLINE_RETURN_IF_ERROR(ParseSource(source).status());
  FAULTLINE_ASSIGN_OR_RETURN(const auto client, Connect(common));
  v1::StartRunRequest request;
  *request.mutable_plan() = source;
  FAULTLINE_ASSIGN_OR_RETURN(const v1::StartRunResponse started, client->Call(&Stub::StartRun, request));
  for (const std::string& warning : started.run().warnings()) std::cerr << "warning: " << warning << "\n";
  if (started.run().state() == v1::RUN_STATE_ENDED) return PrintRun(common, started.run(), /*whole=*/false);
  if (detach) {
    std::cout << (common.json ? ToJson(started.run()) : started.run().id() + "\n");
    return ExitCode::kOk;
  }
  const WatchOptions options{.matrices = watch, .quiet = common.json};
  FAULTLINE_ASSIGN_OR_RETURN(const v1::Run run, WatchUntilOver(*client, started.run().id(), options));
  if (watch && !common.json) std::cout << "\n";
  return PrintRun(common, run, /*whole=*/false);
}

}  // namespace

ExitCode ListNodes(const CommonArguments& common) {
  return CallAndPrint(common, &Stub::ListNodes, v1::ListNodesRequest(), RenderNodes);
}

ExitCode CheckPlan(const CommonArguments& common, const std::string& file) {
  const absl::StatusOr<v1::PlanSource> source = ReadPlanFile(file);
  if (!source.ok()) return Fail(source.status());
  const absl::StatusOr<Plan> plan = ParseSource(*source);
  if (!plan.ok()) return Fail(plan.status());
  std::string against = "the language";
  const auto client = Connect(common);
  if (client.ok()) {
    v1::PreviewPlanRequest request;
    *request.mutable_plan() = *source;
    const auto preview = (*client)->Call(&Stub::PreviewPlan, request);
    if (!preview.ok()) return Fail(preview.status());
    for (const std::string& warning : preview->warnings()) std::cerr << "warning: " << warning << "\n";
    against = "the language and the nodes connected now";
  } else {
    std::cerr << "note: " << client.status().message() << "; groups are not checked against nodes\n";
  }
  if (common.json) {
    std::cout << "{\"valid\": true, \"against_nodes\": " << (client.ok() ? "true" : "false") << "}\n";
  } else {
    std::cout << file << ": valid by " << against << ": " << plan->steps.size() << " steps, " << plan->groups.size()
              << " groups\n";
  }
  return ExitCode::kOk;
}

ExitCode PreviewPlan(const CommonArguments& common, const std::string& file) {
  const absl::StatusOr<v1::PlanSource> source = ReadPlanFile(file);
  if (!source.ok()) return Fail(source.status());
  const absl::StatusOr<Plan> plan = ParseSource(*source);
  if (!plan.ok()) return Fail(plan.status());
  v1::PreviewPlanRequest request;
  *request.mutable_plan() = *source;
  return CallAndPrint(common, &Stub::PreviewPlan, request,
                      [](const v1::PreviewPlanResponse& response) { return RenderPreview(response, StyleOfStdout()); });
}

ExitCode RunPlan(const CommonArguments& common, const std::string& file, bool watch, bool detach) {
  const absl::StatusOr<v1::PlanSource> source = ReadPlanFile(file);
  if (!source.ok()) return Fail(source.status());
  const absl::StatusOr<ExitCode> code = RunSource(common, *source, watch, detach);
  return code.ok() ? *code : Fail(code.status());
}

ExitCode RunAdHoc(const CommonArguments& common, const AdHocPlan& plan, bool watch, bool detach) {
  const absl::StatusOr<AdHocText> text = AdHocText::Write(plan);
  if (!text.ok()) return Fail(text.status(), ExitCode::kUsage);
  const absl::StatusOr<v1::PlanSource> source = WholePlan(text->text(), /*directory=*/"", text->name());
  const absl::StatusOr<ExitCode> code =
      source.ok() ? RunSource(common, *source, watch, detach) : absl::StatusOr<ExitCode>(source.status());
  if (code.ok()) return *code;
  return Fail(absl::Status(code.status().code(), text->Explain(code.status().message())));
}

ExitCode ListRuns(const CommonArguments& common) {
  return CallAndPrint(common, &Stub::ListRuns, v1::ListRunsRequest(), RenderRuns);
}

ExitCode ShowRun(const CommonArguments& common, const std::string& run) {
  v1::GetRunRequest request;
  request.set_run_id(run);
  return CallAndPrint(common, &Stub::GetRun, request,
                      [](const v1::GetRunResponse& response) { return RenderRun(response.run(), StyleOfStdout()); });
}

ExitCode AbortRun(const CommonArguments& common, const std::string& run) {
  v1::AbortRunRequest request;
  request.set_run_id(run);
  return CallAndPrint(common, &Stub::AbortRun, request, [](const v1::AbortRunResponse& response) {
    return absl::StrCat(response.run().id(), ": ", StandingOf(response.run()), ": ", response.run().summary(), "\n");
  });
}

ExitCode HealAll(const CommonArguments& common) {
  return CallAndPrint(common, &Stub::Heal, v1::HealRequest(), [](const v1::HealResponse& response) {
    std::string text = response.run_ids().empty()
                           ? "nothing to heal: no run was in progress\n"
                           : absl::StrCat("healed: ended ", absl::StrJoin(response.run_ids(), ", "), "\n");
    if (!response.unreachable_nodes().empty()) {
      absl::StrAppend(&text,
                      "not connected, and healed by their leases: ", absl::StrJoin(response.unreachable_nodes(), ", "),
                      "\n");
    }
    return text;
  });
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

}  // namespace faultline
