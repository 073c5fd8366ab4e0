#include <algorithm>

#include "common/rpc/status.h"
#include "common/status.h"
#include "controller/rpc/control_service.h"
#include "controller/schedule/wall_time.h"

namespace faultline {
namespace {

constexpr std::uint32_t kMostRecords = 1000;

v1::AuditLine Encode(const AuditLine& line) {
  v1::AuditLine message;
  message.set_seq(line.seq);
  *message.mutable_time() = EncodeWall(line.time);
  message.set_who(line.entry.who.name);
  message.set_role(std::string(NameOf(line.entry.who.role)));
  message.set_from(line.entry.who.from);
  message.set_action(line.entry.action);
  message.set_decision(std::string(NameOf(line.entry.decision)));
  message.set_run_id(line.entry.run_id);
  message.set_plan_digest(line.entry.plan_digest);
  message.set_reason(line.entry.reason);
  message.set_prev(line.prev);
  message.set_hash(line.hash);
  return message;
}

}  // namespace

absl::Status ControlService::MaySee(const grpc::ServerContext& context) const {
  return parts_.admission.Admit(context, Role::kViewer, "see what the controller knows").status();
}

absl::StatusOr<WatchSlots::Slot> ControlService::BeginWatch(const grpc::ServerContext& context) {
  FAULTLINE_ASSIGN_OR_RETURN(const Principal who,
                             parts_.admission.Admit(context, Role::kViewer, "see what the controller knows"));
  std::optional<WatchSlots::Slot> slot = watches_.Take(who.name);
  if (slot) return *std::move(slot);
  return absl::ResourceExhaustedError(absl::StrCat("there are ", WatchSlots::kMostOfOne, " calls of '", who.name,
                                                   "' that watch, or ", WatchSlots::kMostOfAll, " of all; end some"));
}

grpc::Status ControlService::Do(const absl::StatusOr<Principal>& who, absl::string_view action,
                                const std::string& detail, absl::FunctionRef<absl::Status(const Principal&)> act) {
  if (!who.ok()) return ToGrpc(who.status());
  const absl::Status recorded = parts_.admission.Record(*who, action, detail);
  if (!recorded.ok()) return ToGrpc(recorded);
  const absl::Status done = act(*who);
  if (!done.ok()) parts_.admission.RecordError(*who, action, detail, done);
  return ToGrpc(done);
}

grpc::Status ControlService::ApproveRun(grpc::ServerContext* context, const v1::ApproveRunRequest* request,
                                        v1::ApproveRunResponse* response) {
  constexpr absl::string_view kAction = "approve a run";
  const absl::StatusOr<Principal> who = parts_.admission.Admit(*context, Role::kOperator, kAction);
  if (!who.ok()) return ToGrpc(who.status());
  const absl::Status approved = parts_.coordinator.Approve(request->run_id(), *who);
  if (!approved.ok()) {
    parts_.admission.RecordError(*who, kAction, request->run_id(), approved);
    return ToGrpc(approved);
  }
  absl::StatusOr<RunView> view = parts_.coordinator.Await(request->run_id(), 0, Duration(0));
  if (!view.ok()) return ToGrpc(view.status());
  *response->mutable_run() = std::move(view->run);
  return grpc::Status::OK;
}

grpc::Status ControlService::ListAudit(grpc::ServerContext* context, const v1::ListAuditRequest* request,
                                       v1::ListAuditResponse* response) {
  const absl::StatusOr<Principal> who = parts_.admission.Admit(*context, Role::kAdmin, "look at the audit log");
  if (!who.ok()) return ToGrpc(who.status());
  AuditQuery query = {.most = request->most() == 0 ? kMostRecords : std::min(request->most(), kMostRecords)};
  if (request->has_since()) {
    if (!IsWallTime(request->since())) return ToGrpc(absl::InvalidArgumentError("'since' must be within 1970 to 2199"));
    query.since = DecodeWall(request->since());
  }
  const AuditHead head = parts_.audit.head();
  const absl::StatusOr<std::vector<AuditLine>> lines = parts_.audit.List(query);
  if (!lines.ok()) return ToGrpc(lines.status());
  for (const AuditLine& line : *lines) *response->add_lines() = Encode(line);
  response->set_head_seq(head.seq);
  response->set_head_hash(head.hash);
  return grpc::Status::OK;
}

}  // namespace faultline
