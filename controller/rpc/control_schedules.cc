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
  const absl::Status plan = CheckPlan(request->schedule().plan(), context->peer(), parts_.allow_commands);
  if (!plan.ok()) return ToGrpc(plan);
  absl::StatusOr<v1::Schedule> added = parts_.scheduler.Add(request->schedule());
  if (!added.ok()) return ToGrpc(added.status());
  *response->mutable_schedule() = *std::move(added);
  return grpc::Status::OK;
}

grpc::Status ControlService::ListSchedules(grpc::ServerContext*, const v1::ListSchedulesRequest*,
                                           v1::ListSchedulesResponse* response) {
  for (v1::Schedule& schedule : parts_.scheduler.List()) {
    // Plans may be large, and there may be many.
    schedule.mutable_plan()->clear_text();
    *response->add_schedules() = std::move(schedule);
  }
  return grpc::Status::OK;
}

grpc::Status ControlService::PauseSchedule(grpc::ServerContext*, const v1::PauseScheduleRequest* request,
                                           v1::PauseScheduleResponse* response) {
  absl::StatusOr<v1::Schedule> schedule = parts_.scheduler.Pause(request->name(), request->paused());
  if (!schedule.ok()) return ToGrpc(schedule.status());
  *response->mutable_schedule() = *std::move(schedule);
  return grpc::Status::OK;
}

grpc::Status ControlService::RemoveSchedule(grpc::ServerContext*, const v1::RemoveScheduleRequest* request,
                                            v1::RemoveScheduleResponse*) {
  return ToGrpc(parts_.scheduler.Remove(request->name()));
}

grpc::Status ControlService::AddFreeze(grpc::ServerContext*, const v1::AddFreezeRequest* request,
                                       v1::AddFreezeResponse*) {
  return ToGrpc(parts_.freezes.Add(request->freeze()));
}

grpc::Status ControlService::ListFreezes(grpc::ServerContext*, const v1::ListFreezesRequest*,
                                         v1::ListFreezesResponse* response) {
  for (v1::Freeze& freeze : parts_.freezes.List()) *response->add_freezes() = std::move(freeze);
  return grpc::Status::OK;
}

grpc::Status ControlService::RemoveFreeze(grpc::ServerContext*, const v1::RemoveFreezeRequest* request,
                                          v1::RemoveFreezeResponse*) {
  return ToGrpc(parts_.freezes.Remove(request->name()));
}

}  // namespace faultline
