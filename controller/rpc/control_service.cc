#include "controller/rpc/control_service.h"

#include "common/rpc/status.h"
#include "common/status.h"
#include "common/timeline_codec.h"
#include "controller/compile/describe.h"
#include "controller/plan/plan_yaml.h"
#include "controller/report/verdict.h"

namespace faultline {
namespace {

// How often a waiting call looks whether its caller is still there.
constexpr Duration kLook = std::chrono::milliseconds(500);
constexpr int kMostListed = 1000;

absl::StatusOr<Plan> ReadPlan(const v1::PlanSource& source) {
  ParsedPlan parsed = ParsePlan(source.text());
  if (!parsed.errors.empty()) return absl::InvalidArgumentError(JoinErrors(parsed.errors, source.file_name()));
  return std::move(parsed.plan);
}

void FillPreview(const Compiled& compiled, const Inventory& inventory, std::uint16_t probe_port,
                 v1::PreviewPlanResponse& response) {
  std::map<NodeName, Timeline> timelines;
  for (const Timeline& timeline : compiled.timelines) {
    timelines[timeline.node] = timeline;
    for (const Step& step : timeline.steps) {
      v1::NodeStepPreview& preview = *response.add_programs();
      preview.set_node(timeline.node.text());
      preview.set_step(step.name);
      for (const Rule& rule : step.rules) preview.add_rules(DescribeRule(rule, step, timeline));
    }
  }
  const std::vector<ProbeNode> nodes = ProbeNodesOf(inventory);
  for (const Stage& stage : StagesOf(compiled.timelines.front())) {
    *response.add_stages() = PlannedStage(stage, {nodes, timelines, probe_port});
  }
  for (const std::string& warning : compiled.warnings) response.add_warnings(warning);
  *response.mutable_length() = EncodeDuration(compiled.timelines.front().length);
}

}  // namespace

ControlService::ControlService(Fleet& fleet, Coordinator& coordinator, RunStore& store)
    : fleet_(fleet), coordinator_(coordinator), store_(store) {}

grpc::Status ControlService::ListNodes(grpc::ServerContext*, const v1::ListNodesRequest*,
                                       v1::ListNodesResponse* response) {
  const std::map<NodeName, std::vector<std::string>> runs = coordinator_.RunsByNode();
  for (v1::Node& node : fleet_.Nodes()) {
    const auto found = runs.find(NodeName(node.info().name()));
    if (found != runs.end()) node.mutable_runs()->Assign(found->second.begin(), found->second.end());
    *response->add_nodes() = std::move(node);
  }
  return grpc::Status::OK;
}

grpc::Status ControlService::PreviewPlan(grpc::ServerContext*, const v1::PreviewPlanRequest* request,
                                         v1::PreviewPlanResponse* response) {
  const absl::StatusOr<Plan> plan = ReadPlan(request->plan());
  if (!plan.ok()) return ToGrpc(plan.status());
  const Inventory inventory = fleet_.Snapshot();
  const Compiled compiled = coordinator_.Preview(*plan, inventory, RunId("preview"));
  if (!compiled.errors.empty()) {
    return ToGrpc(absl::InvalidArgumentError(JoinErrors(compiled.errors, request->plan().file_name())));
  }
  FillPreview(compiled, inventory, fleet_.probe_port(), *response);
  return grpc::Status::OK;
}

grpc::Status ControlService::StartRun(grpc::ServerContext* context, const v1::StartRunRequest* request,
                                      v1::StartRunResponse* response) {
  const absl::StatusOr<Plan> plan = ReadPlan(request->plan());
  if (!plan.ok()) return ToGrpc(plan.status());
  const absl::StatusOr<std::string> id = coordinator_.Begin(*plan, request->plan().text(), request->plan().file_name());
  if (!id.ok()) return ToGrpc(id.status());
  absl::StatusOr<v1::Run> run = AwaitRun(
      *context, *id, [](const RunView& view) { return view.over || view.run.state() == v1::RUN_STATE_RUNNING; });
  if (!run.ok()) return ToGrpc(run.status());
  *response->mutable_run() = *std::move(run);
  return grpc::Status::OK;
}

grpc::Status ControlService::WatchRun(grpc::ServerContext* context, const v1::WatchRunRequest* request,
                                      grpc::ServerWriter<v1::WatchRunResponse>* writer) {
  std::uint64_t seen = 0;
  while (!context->IsCancelled()) {
    absl::StatusOr<RunView> view = coordinator_.Await(request->run_id(), seen, kLook);
    if (!view.ok()) return ToGrpc(view.status());
    v1::WatchRunResponse response;
    *response.mutable_run() = std::move(view->run);
    if (view->elapsed) *response.mutable_elapsed() = EncodeDuration(*view->elapsed);
    if (!writer->Write(response) || view->over) break;
    seen = view->version;
  }
  return grpc::Status::OK;
}

grpc::Status ControlService::ListRuns(grpc::ServerContext*, const v1::ListRunsRequest*,
                                      v1::ListRunsResponse* response) {
  absl::StatusOr<std::vector<v1::Run>> runs = store_.List(kMostListed);
  if (!runs.ok()) return ToGrpc(runs.status());
  for (v1::Run& run : *runs) {
    run.clear_stages();
    run.clear_nodes();
    *response->add_runs() = std::move(run);
  }
  return grpc::Status::OK;
}

grpc::Status ControlService::GetRun(grpc::ServerContext*, const v1::GetRunRequest* request,
                                    v1::GetRunResponse* response) {
  absl::StatusOr<RunView> view = coordinator_.Await(request->run_id(), 0, Duration(0));
  if (!view.ok()) return ToGrpc(view.status());
  *response->mutable_run() = std::move(view->run);
  return grpc::Status::OK;
}

grpc::Status ControlService::AbortRun(grpc::ServerContext* context, const v1::AbortRunRequest* request,
                                      v1::AbortRunResponse* response) {
  const absl::Status status =
      coordinator_.Abort(request->run_id(), v1::OUTCOME_ABORTED, "aborted with `faultline abort`");
  if (!status.ok()) return ToGrpc(status);
  absl::StatusOr<v1::Run> run = AwaitRun(*context, request->run_id(), [](const RunView& view) { return view.over; });
  if (!run.ok()) return ToGrpc(run.status());
  *response->mutable_run() = *std::move(run);
  return grpc::Status::OK;
}

grpc::Status ControlService::Heal(grpc::ServerContext* context, const v1::HealRequest*, v1::HealResponse* response) {
  for (const std::string& id : coordinator_.AbortAll(v1::OUTCOME_ABORTED, "ended with `faultline heal`")) {
    const absl::StatusOr<v1::Run> run = AwaitRun(*context, id, [](const RunView& view) { return view.over; });
    if (!run.ok()) return ToGrpc(run.status());
    response->add_run_ids(id);
  }
  for (const v1::Node& node : fleet_.Nodes()) {
    if (!node.connected()) response->add_unreachable_nodes(node.info().name());
  }
  return grpc::Status::OK;
}

grpc::Status ControlService::GetMatrix(grpc::ServerContext*, const v1::GetMatrixRequest*,
                                       v1::GetMatrixResponse* response) {
  *response->mutable_now() = coordinator_.Matrix();
  return grpc::Status::OK;
}

template <typename Predicate>
absl::StatusOr<v1::Run> ControlService::AwaitRun(grpc::ServerContext& context, const std::string& run_id,
                                                 Predicate done) {
  std::uint64_t seen = 0;
  while (true) {
    FAULTLINE_ASSIGN_OR_RETURN(RunView view, coordinator_.Await(run_id, seen, kLook));
    if (done(view)) return std::move(view.run);
    if (context.IsCancelled()) return absl::CancelledError("the caller has gone");
    seen = view.version;
  }
}

}  // namespace faultline
