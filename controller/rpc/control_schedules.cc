#include "absl/strings/str_cat.h"
#include "common/digest.h"
#include "common/rpc/status.h"
#include "common/status.h"
#include "controller/rpc/control_service.h"
#include "controller/rpc/scheduled_run.h"

namespace faultline {
namespace {

// What a person would want to know before the first night: whether the plan can be read, and may do what it says.
absl::Status CheckPlan(const v1::PlanSource& source, const std::string& peer, bool allow_commands) {
  FAULTLINE_ASSIGN_OR_RETURN(const Plan plan, ReadPlan(source));
  FAULTLINE_RETURN_IF_ERROR(CheckCommandsFrom(peer, plan, source.file_name()));
  return allow_commands ? absl::OkStatus() : CheckNoCommands(plan, source.file_name());
}

}  // namespace

grpc::Status ControlService::AddSchedule(grpc::ServerContext* context, const v1::AddScheduleRequest* request,
                                         v1::AddScheduleResponse* response) {
  constexpr absl::string_view kAction = "add a schedule";
  const v1::Schedule& schedule = request->schedule();
  return Do(parts_.admission.Admit(*context, Role::kOperator, kAction), kAction,
            absl::StrCat(schedule.name(), ", plan ", Sha256Hex(schedule.plan().text())),
            [&](const Principal& who) -> absl::Status {
              FAULTLINE_RETURN_IF_ERROR(CheckPlan(schedule.plan(), context->peer(), parts_.allow_commands));
              FAULTLINE_ASSIGN_OR_RETURN(*response->mutable_schedule(), parts_.scheduler.Add(schedule));
              // Its runs are on the word of who made it.
              const absl::Status kept =
                  parts_.permits.Put(PermitStore::OfSchedule(schedule.name()), {.starter = who, .approved_by = ""});
              if (!kept.ok()) parts_.scheduler.Remove(schedule.name()).IgnoreError();
              return kept;
            });
}

grpc::Status ControlService::ListSchedules(grpc::ServerContext* context, const v1::ListSchedulesRequest*,
                                           v1::ListSchedulesResponse* response) {
  if (const absl::Status seen = MaySee(*context); !seen.ok()) return ToGrpc(seen);
  for (v1::Schedule& schedule : parts_.scheduler.List()) {
    // Plans may be large, and there may be many.
    schedule.mutable_plan()->clear_text();
    *response->add_schedules() = std::move(schedule);
  }
  return grpc::Status::OK;
}

grpc::Status ControlService::PauseSchedule(grpc::ServerContext* context, const v1::PauseScheduleRequest* request,
                                           v1::PauseScheduleResponse* response) {
  const absl::string_view action = request->paused() ? "pause a schedule" : "resume a schedule";
  return Do(parts_.admission.Admit(*context, Role::kOperator, action), action, request->name(),
            [&](const Principal&) -> absl::Status {
              FAULTLINE_ASSIGN_OR_RETURN(*response->mutable_schedule(),
                                         parts_.scheduler.Pause(request->name(), request->paused()));
              return absl::OkStatus();
            });
}

grpc::Status ControlService::RemoveSchedule(grpc::ServerContext* context, const v1::RemoveScheduleRequest* request,
                                            v1::RemoveScheduleResponse*) {
  constexpr absl::string_view kAction = "remove a schedule";
  return Do(parts_.admission.Admit(*context, Role::kOperator, kAction), kAction, request->name(),
            [&](const Principal&) -> absl::Status {
              FAULTLINE_RETURN_IF_ERROR(parts_.scheduler.Remove(request->name()));
              return parts_.permits.Remove(PermitStore::OfSchedule(request->name()));
            });
}

grpc::Status ControlService::AddFreeze(grpc::ServerContext* context, const v1::AddFreezeRequest* request,
                                       v1::AddFreezeResponse*) {
  constexpr absl::string_view kAction = "add a freeze";
  return Do(parts_.admission.Admit(*context, Role::kOperator, kAction), kAction, request->freeze().name(),
            [&](const Principal&) { return parts_.freezes.Add(request->freeze()); });
}

grpc::Status ControlService::ListFreezes(grpc::ServerContext* context, const v1::ListFreezesRequest*,
                                         v1::ListFreezesResponse* response) {
  if (const absl::Status seen = MaySee(*context); !seen.ok()) return ToGrpc(seen);
  for (v1::Freeze& freeze : parts_.freezes.List()) *response->add_freezes() = std::move(freeze);
  return grpc::Status::OK;
}

grpc::Status ControlService::RemoveFreeze(grpc::ServerContext* context, const v1::RemoveFreezeRequest* request,
                                          v1::RemoveFreezeResponse*) {
  constexpr absl::string_view kAction = "remove a freeze";
  return Do(parts_.admission.Admit(*context, Role::kOperator, kAction), kAction, request->name(),
            [&](const Principal&) { return parts_.freezes.Remove(request->name()); });
}

}  // namespace faultline
