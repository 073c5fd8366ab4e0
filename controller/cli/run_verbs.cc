#include <memory>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/cli/call.h"
#include "controller/cli/moment.h"
#include "controller/cli/output.h"
#include "controller/cli/plan_source.h"
#include "controller/cli/run_source.h"
#include "controller/cli/verbs.h"
#include "controller/cli/wire_time.h"
#include "controller/report/render_run.h"
#include "controller/report/run_words.h"

namespace faultline {
namespace {

using Stub = v1::ControlService::Stub;

struct RunVerbArguments {
  PlanArguments plan;
  RunArguments run;
  std::string id;
  std::string since;
  std::string plan_name;
  std::uint32_t most = 0;
};

absl::StatusOr<ExitCode> RunPlan(const CommonArguments& common, const RunVerbArguments& arguments) {
  FAULTLINE_ASSIGN_OR_RETURN(const v1::PlanSource source, ReadPlanSource(arguments.plan));
  return RunSource(common, source, arguments.run);
}

absl::StatusOr<v1::ListRunsRequest> ListRequest(const RunVerbArguments& arguments) {
  v1::ListRunsRequest request;
  request.set_plan_name(arguments.plan_name);
  request.set_most(arguments.most);
  if (!arguments.since.empty()) {
    FAULTLINE_ASSIGN_OR_RETURN(const absl::Time since, ForOption("--since", ParsePast(arguments.since, absl::Now())));
    *request.mutable_since() = EncodeMoment(since);
  }
  return request;
}

ExitCode ListRuns(const CommonArguments& common, const RunVerbArguments& arguments) {
  const absl::StatusOr<v1::ListRunsRequest> request = ListRequest(arguments);
  if (!request.ok()) return Fail(request.status());
  return CallAndPrint(common, &Stub::ListRuns, *request, RenderRuns);
}

ExitCode ShowRun(const CommonArguments& common, const std::string& run) {
  v1::GetRunRequest request;
  request.set_run_id(run);
  return CallAndPrint(common, &Stub::GetRun, request,
                      [](const v1::GetRunResponse& response) { return RenderRun(response.run(), StyleOfStdout()); });
}

ExitCode ApproveRun(const CommonArguments& common, const std::string& run) {
  v1::ApproveRunRequest request;
  request.set_run_id(run);
  return CallAndPrint(common, &Stub::ApproveRun, request, [](const v1::ApproveRunResponse& response) {
    return absl::StrCat(response.run().id(), ": ", response.run().summary(), "\n");
  });
}

ExitCode AbortRun(const CommonArguments& common, const std::string& run) {
  v1::AbortRunRequest request;
  request.set_run_id(run);
  return CallAndPrint(common, &Stub::AbortRun, request, [](const v1::AbortRunResponse& response) {
    Warn(response.warnings());
    const v1::Run& aborted = response.run();
    if (aborted.state() != v1::RUN_STATE_ENDED) return RenderObserving(aborted.id());
    return absl::StrCat(aborted.id(), ": ", WordOf(aborted), ": ", aborted.summary(), "\n");
  });
}

void AddRun(CommandLine& line, const std::shared_ptr<RunVerbArguments>& arguments) {
  CLI::App& run =
      line.AddVerb("run", "Run a plan on all its nodes, or on none; wait for its end and verdict",
                   "faultline run split-brain --set a=eu-west-2 --set b=eu-west-3 --watch", [&line, arguments] {
                     const absl::StatusOr<ExitCode> code = RunPlan(line.common(), *arguments);
                     return code.ok() ? *code : Fail(code.status());
                   });
  run.add_option("PLAN", arguments->plan.plan, "A file, or the name of one of `faultline plans`")
      ->required()
      ->type_name("PLAN");
  run.add_option("--set", arguments->plan.set, "NAME=VALUE: sets a variable of the plan; may be given again")
      ->expected(1)
      ->take_all();
  AddRunOptions(run, arguments->run);
  run.add_flag("--wait-verified{60s}", arguments->run.wait_verified,
               "Hold what comes before each step until it was observed as planned, at most so long");
}

}  // namespace

void AddRunVerbs(CommandLine& line) {
  const auto arguments = std::make_shared<RunVerbArguments>();
  AddRun(line, arguments);
  line.AddVerb("approve", "Agree to a run of somebody else's that waits for a second person; it begins then",
               "faultline approve split-brain-3",
               [&line, arguments] { return ApproveRun(line.common(), arguments->id); })
      .add_option("RUN", arguments->id, "Its id, as `faultline runs` shows it")
      ->required();
  line.AddVerb("abort", "End a run now, or one that waits; every node heals", "faultline abort split-brain-3",
               [&line, arguments] { return AbortRun(line.common(), arguments->id); })
      .add_option("RUN", arguments->id, "Its id, as `faultline runs` shows it")
      ->required();
  CLI::App& runs =
      line.AddVerb("runs", "Every run, newest first", "faultline runs --since 7d --plan split-brain --json",
                   [&line, arguments] { return ListRuns(line.common(), *arguments); });
  runs.add_option("--since", arguments->since, "Only those accepted since: 7d, 12h, 2026-12-01T02:00Z");
  runs.add_option("--plan", arguments->plan_name, "Only those of the plan of this name");
  runs.add_option("--most", arguments->most, "At most so many (1000)");
  line.AddVerb("show", "One run: its steps, stages, nodes and verdict", "faultline show split-brain-3",
               [&line, arguments] { return ShowRun(line.common(), arguments->id); })
      .add_option("RUN", arguments->id, "Its id")
      ->required();
}

}  // namespace faultline
