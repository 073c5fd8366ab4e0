#include "controller/rpc/control_service.h"

#include <algorithm>
#include <future>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/rpc/status.h"
#include "common/status.h"
#include "common/timeline_codec.h"
#include "controller/preview/make_preview.h"
#include "controller/report/verdict.h"
#include "controller/rpc/scheduled_run.h"
#include "controller/schedule/wall_time.h"

namespace faultline {
namespace {

// How often a waiting call looks whether its caller is still there.
constexpr Duration kLook = std::chrono::milliseconds(500);

constexpr int kMostListed = 1000;
// Beyond the time that looking up takes: for a turn on a busy host.
constexpr Duration kLookUpSlack = std::chrono::seconds(5);

// Gives the plan's groups the addresses of their names, as they are now.
absl::Status LookUpNames(HostWork& host, Plan& plan) {
  const std::vector<std::string> names = NamesOf(plan);
  if (names.empty()) return absl::OkStatus();
  // It may come when nobody waits any more.
  const auto promise = std::make_shared<std::promise<absl::StatusOr<LookedUp>>>();
  std::future<absl::StatusOr<LookedUp>> answer = promise->get_future();
  host.LookUp(names, [promise](absl::StatusOr<LookedUp> found) { promise->set_value(std::move(found)); });
  if (answer.wait_for(names.size() * kLookUpTime + kLookUpSlack) != std::future_status::ready) {
    return absl::DeadlineExceededError("the names of the plan could not be looked up in time");
  }
  FAULTLINE_ASSIGN_OR_RETURN(const LookedUp found, answer.get());
  AddAddresses(found, plan);
  return absl::OkStatus();
}

}  // namespace

grpc::Status ControlService::ListNodes(grpc::ServerContext* context, const v1::ListNodesRequest*,
                                       v1::ListNodesResponse* response) {
  if (const absl::Status seen = MaySee(*context); !seen.ok()) return ToGrpc(seen);
  const std::map<NodeName, std::vector<std::string>> runs = parts_.coordinator.RunsByNode();
  for (v1::Node& node : parts_.fleet.Nodes()) {
    const auto found = runs.find(NodeName(node.info().name()));
    if (found != runs.end()) node.mutable_runs()->Assign(found->second.begin(), found->second.end());
    *response->add_nodes() = std::move(node);
  }
  return grpc::Status::OK;
}

grpc::Status ControlService::ExamineNodes(grpc::ServerContext* context, const v1::ExamineNodesRequest* request,
                                          v1::ExamineNodesResponse* response) {
  if (const absl::Status seen = MaySee(*context); !seen.ok()) return ToGrpc(seen);
  absl::StatusOr<std::vector<v1::ExaminedNode>> nodes = parts_.examinations.Ask(
      {request->names().begin(), request->names().end()}, [context] { return context->IsCancelled(); });
  if (!nodes.ok()) return ToGrpc(nodes.status());
  for (v1::ExaminedNode& node : *nodes) *response->add_nodes() = std::move(node);
  return grpc::Status::OK;
}

grpc::Status ControlService::PreviewPlan(grpc::ServerContext* context, const v1::PreviewPlanRequest* request,
                                         v1::PreviewPlanResponse* response) {
  const absl::StatusOr<Principal> who = parts_.admission.Admit(*context, Role::kViewer, "preview a plan");
  if (!who.ok()) return ToGrpc(who.status());
  absl::StatusOr<Plan> plan = ReadPlan(request->plan());
  if (!plan.ok()) return ToGrpc(plan.status());
  const absl::Status names = LookUpNames(parts_.host, *plan);
  if (!names.ok()) return ToGrpc(names);
  const Inventory inventory = parts_.fleet.Snapshot();
  const Compiled compiled = parts_.coordinator.Preview(*plan, inventory, RunId("preview"));
  if (!compiled.errors.empty()) {
    return ToGrpc(absl::InvalidArgumentError(JoinErrors(compiled.errors, request->plan().file_name())));
  }
  *response = MakePreview(compiled, inventory, parts_.fleet.probe_port(),
                          {.brief = request->brief(), .rules = request->rules(), .node = request->node()});
  response->set_permission(
      who->role < Role::kOperator
          ? absl::StrCat("'", who->name, "' has the role ", NameOf(who->role), " and may not run it")
          : parts_.coordinator.Decide(*who, *plan, compiled, inventory).reason);
  return grpc::Status::OK;
}

absl::StatusOr<std::string> ControlService::Begin(grpc::ServerContext& context, const v1::StartRunRequest& request,
                                                  const Principal& who) {
  FAULTLINE_ASSIGN_OR_RETURN(Plan plan, ReadPlan(request.plan()));
  FAULTLINE_RETURN_IF_ERROR(CheckCommandsFrom(context.peer(), plan, request.plan().file_name()));
  RunRequest asked = {.plan = std::move(plan),
                      .plan_text = request.plan().text(),
                      .file_name = request.plan().file_name(),
                      .starter = who,
                      .queue = request.queue(),
                      .request_id = request.request_id()};
  if (request.has_wait_verified()) {
    FAULTLINE_ASSIGN_OR_RETURN(asked.plan.wait_verified, DecodeDuration(request.wait_verified()));
  }
  if (request.has_at()) {
    if (!IsWallTime(request.at())) return absl::InvalidArgumentError("'at' must be within 1970 to 2199");
    asked.due = DecodeWall(request.at());
  }
  return parts_.coordinator.Begin(std::move(asked));
}

grpc::Status ControlService::StartRun(grpc::ServerContext* context, const v1::StartRunRequest* request,
                                      v1::StartRunResponse* response) {
  constexpr absl::string_view kAction = "start a run";
  const absl::StatusOr<Principal> who = parts_.admission.Admit(*context, Role::kOperator, kAction);
  if (!who.ok()) return ToGrpc(who.status());
  const absl::StatusOr<std::string> id = Begin(*context, *request, *who);
  if (!id.ok()) {
    parts_.admission.RecordError(*who, kAction, request->plan().file_name(), id.status());
    return ToGrpc(id.status());
  }
  absl::StatusOr<v1::Run> run = AwaitRun(*context, *id, RunPoint::kBegun);
  if (!run.ok()) return ToGrpc(run.status());
  *response->mutable_run() = *std::move(run);
  return grpc::Status::OK;
}

grpc::Status ControlService::WatchRun(grpc::ServerContext* context, const v1::WatchRunRequest* request,
                                      grpc::ServerWriter<v1::WatchRunResponse>* writer) {
  const absl::StatusOr<WatchSlots::Slot> slot = BeginWatch(*context);
  if (!slot.ok()) return ToGrpc(slot.status());
  std::uint64_t seen = 0;
  for (WatchTurns turns; !context->IsCancelled();) {
    if (const absl::Status may = turns.Next() ? MaySee(*context) : absl::OkStatus(); !may.ok()) return ToGrpc(may);
    absl::StatusOr<RunView> view = parts_.coordinator.Await(request->run_id(), seen, kLook);
    if (!view.ok()) return ToGrpc(view.status());
    v1::WatchRunResponse response;
    *response.mutable_run() = std::move(view->run);
    // They may be large, and say nothing new on the way.
    response.mutable_run()->clear_plan_text();
    response.mutable_run()->clear_series();
    if (view->elapsed) *response.mutable_elapsed() = EncodeDuration(*view->elapsed);
    if (!writer->Write(response) || view->over) break;
    seen = view->version;
  }
  return grpc::Status::OK;
}

grpc::Status ControlService::ListRuns(grpc::ServerContext* context, const v1::ListRunsRequest* request,
                                      v1::ListRunsResponse* response) {
  if (const absl::Status seen = MaySee(*context); !seen.ok()) return ToGrpc(seen);
  RunQuery query = {.plan_name = request->plan_name()};
  if (request->has_since()) query.since = DecodeWall(request->since());
  query.most =
      request->most() == 0 ? kMostListed : static_cast<int>(std::min<std::uint32_t>(request->most(), kMostListed));
  absl::StatusOr<std::vector<v1::Run>> runs = parts_.store.List(query);
  if (!runs.ok()) return ToGrpc(runs.status());
  for (v1::Run& run : *runs) *response->add_runs() = std::move(run);
  return grpc::Status::OK;
}

grpc::Status ControlService::GetRun(grpc::ServerContext* context, const v1::GetRunRequest* request,
                                    v1::GetRunResponse* response) {
  if (const absl::Status seen = MaySee(*context); !seen.ok()) return ToGrpc(seen);
  absl::StatusOr<RunView> view = parts_.coordinator.Await(request->run_id(), 0, Duration(0));
  if (!view.ok()) return ToGrpc(view.status());
  *response->mutable_run() = std::move(view->run);
  if (view->elapsed) *response->mutable_elapsed() = EncodeDuration(*view->elapsed);
  return request->events() ? ToGrpc(AddLogged(response->run(), *response->mutable_events())) : grpc::Status::OK;
}

// What makes things safer is done first, and though it cannot be written to the audit log.
grpc::Status ControlService::AbortRun(grpc::ServerContext* context, const v1::AbortRunRequest* request,
                                      v1::AbortRunResponse* response) {
  constexpr absl::string_view kAction = "abort a run";
  const absl::StatusOr<Principal> who = parts_.admission.Admit(*context, Role::kOperator, kAction);
  if (!who.ok()) return ToGrpc(who.status());
  const absl::Status status =
      parts_.coordinator.Abort(request->run_id(), v1::OUTCOME_ABORTED, "aborted with `faultline abort`");
  if (!status.ok()) {
    parts_.admission.RecordError(*who, kAction, request->run_id(), status);
    return ToGrpc(status);
  }
  const absl::Status recorded = parts_.admission.Record(*who, kAction, request->run_id());
  if (!recorded.ok()) response->add_warnings(std::string(recorded.message()));
  absl::StatusOr<v1::Run> run = AwaitRun(*context, request->run_id(), RunPoint::kHealed);
  if (!run.ok()) return ToGrpc(run.status());
  *response->mutable_run() = *std::move(run);
  return grpc::Status::OK;
}

grpc::Status ControlService::Heal(grpc::ServerContext* context, const v1::HealRequest*, v1::HealResponse* response) {
  constexpr absl::string_view kAction = "heal every node";
  const absl::StatusOr<Principal> who = parts_.admission.Admit(*context, Role::kOperator, kAction);
  if (!who.ok()) return ToGrpc(who.status());
  const std::vector<std::string> ended =
      parts_.coordinator.AbortAll(v1::OUTCOME_ABORTED, "ended with `faultline heal`");
  const absl::Status recorded = parts_.admission.Record(*who, kAction, absl::StrJoin(ended, ", "));
  if (!recorded.ok()) response->add_warnings(std::string(recorded.message()));
  for (const std::string& id : ended) {
    const absl::StatusOr<v1::Run> run = AwaitRun(*context, id, RunPoint::kHealed);
    if (!run.ok()) return ToGrpc(run.status());
    response->add_run_ids(id);
    if (run->state() != v1::RUN_STATE_ENDED) response->add_observing_run_ids(id);
  }
  for (const v1::Node& node : parts_.fleet.Nodes()) {
    if (!node.connected()) response->add_unreachable_nodes(node.info().name());
  }
  return grpc::Status::OK;
}

grpc::Status ControlService::GetMatrix(grpc::ServerContext* context, const v1::GetMatrixRequest*,
                                       v1::GetMatrixResponse* response) {
  if (const absl::Status seen = MaySee(*context); !seen.ok()) return ToGrpc(seen);
  *response->mutable_now() = parts_.coordinator.Matrix();
  return grpc::Status::OK;
}

absl::StatusOr<v1::Run> ControlService::AwaitRun(grpc::ServerContext& context, const std::string& run_id,
                                                 RunPoint point) {
  while (true) {
    FAULTLINE_ASSIGN_OR_RETURN(std::optional<v1::Run> run, parts_.coordinator.AwaitPoint(run_id, point, kLook));
    if (run) return *std::move(run);
    if (context.IsCancelled()) return absl::CancelledError("the caller has gone");
  }
}

}  // namespace faultline
