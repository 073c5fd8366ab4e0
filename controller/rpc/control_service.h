#pragma once

#include <grpcpp/grpcpp.h>

#include "absl/functional/function_ref.h"
#include "controller/audit/audit_log.h"
#include "controller/event/event_log.h"
#include "controller/guard/host_work.h"
#include "controller/rpc/admission.h"
#include "controller/rpc/watch_slots.h"
#include "controller/run/coordinator.h"
#include "controller/run/examinations.h"
#include "controller/run/fleet.h"
#include "controller/schedule/freeze_book.h"
#include "controller/schedule/scheduler.h"
#include "controller/store/permit_store.h"
#include "controller/store/run_store.h"
#include "faultline/v1/control.grpc.pb.h"

namespace faultline {

// What the service works with. All must outlive the server.
struct ControlParts {
  Fleet& fleet;
  Coordinator& coordinator;
  Examinations& examinations;
  RunStore& store;
  EventLog& events;
  HostWork& host;
  Scheduler& scheduler;
  FreezeBook& freezes;
  PermitStore& permits;
  AuditLog& audit;
  const Admission& admission;
  // Whether plans may have this host run programs.
  bool allow_commands = false;
};

// What people ask of the controller, if they may: to see takes the role of a viewer, to do that of an operator, to look
// at the audit log that of an administrator. Synchronous: gRPC's own threads wait in Await.
class ControlService : public v1::ControlService::Service {
 public:
  explicit ControlService(const ControlParts& parts) : parts_(parts) {}

  grpc::Status ListNodes(grpc::ServerContext* context, const v1::ListNodesRequest* request,
                         v1::ListNodesResponse* response) override;
  grpc::Status ExamineNodes(grpc::ServerContext* context, const v1::ExamineNodesRequest* request,
                            v1::ExamineNodesResponse* response) override;
  grpc::Status PreviewPlan(grpc::ServerContext* context, const v1::PreviewPlanRequest* request,
                           v1::PreviewPlanResponse* response) override;
  grpc::Status StartRun(grpc::ServerContext* context, const v1::StartRunRequest* request,
                        v1::StartRunResponse* response) override;
  grpc::Status WatchRun(grpc::ServerContext* context, const v1::WatchRunRequest* request,
                        grpc::ServerWriter<v1::WatchRunResponse>* writer) override;
  grpc::Status ListRuns(grpc::ServerContext* context, const v1::ListRunsRequest* request,
                        v1::ListRunsResponse* response) override;
  grpc::Status GetRun(grpc::ServerContext* context, const v1::GetRunRequest* request,
                      v1::GetRunResponse* response) override;
  // control_permission.cc.
  grpc::Status ApproveRun(grpc::ServerContext* context, const v1::ApproveRunRequest* request,
                          v1::ApproveRunResponse* response) override;
  grpc::Status ListAudit(grpc::ServerContext* context, const v1::ListAuditRequest* request,
                         v1::ListAuditResponse* response) override;
  grpc::Status AbortRun(grpc::ServerContext* context, const v1::AbortRunRequest* request,
                        v1::AbortRunResponse* response) override;
  grpc::Status Heal(grpc::ServerContext* context, const v1::HealRequest* request, v1::HealResponse* response) override;
  grpc::Status GetMatrix(grpc::ServerContext* context, const v1::GetMatrixRequest* request,
                         v1::GetMatrixResponse* response) override;
  // control_events.cc.
  grpc::Status ListEvents(grpc::ServerContext* context, const v1::ListEventsRequest* request,
                          v1::ListEventsResponse* response) override;
  grpc::Status WatchEvents(grpc::ServerContext* context, const v1::WatchEventsRequest* request,
                           grpc::ServerWriter<v1::WatchEventsResponse>* writer) override;
  // control_schedules.cc.
  grpc::Status AddSchedule(grpc::ServerContext* context, const v1::AddScheduleRequest* request,
                           v1::AddScheduleResponse* response) override;
  grpc::Status ListSchedules(grpc::ServerContext* context, const v1::ListSchedulesRequest* request,
                             v1::ListSchedulesResponse* response) override;
  grpc::Status PauseSchedule(grpc::ServerContext* context, const v1::PauseScheduleRequest* request,
                             v1::PauseScheduleResponse* response) override;
  grpc::Status RemoveSchedule(grpc::ServerContext* context, const v1::RemoveScheduleRequest* request,
                              v1::RemoveScheduleResponse* response) override;
  grpc::Status AddFreeze(grpc::ServerContext* context, const v1::AddFreezeRequest* request,
                         v1::AddFreezeResponse* response) override;
  grpc::Status ListFreezes(grpc::ServerContext* context, const v1::ListFreezesRequest* request,
                           v1::ListFreezesResponse* response) override;
  grpc::Status RemoveFreeze(grpc::ServerContext* context, const v1::RemoveFreezeRequest* request,
                            v1::RemoveFreezeResponse* response) override;

 private:
  // Whether the caller may see what it asks for.
  absl::Status MaySee(const grpc::ServerContext& context) const;
  // The same of what goes on and on. RESOURCE_EXHAUSTED when there is too much of that.
  absl::StatusOr<WatchSlots::Slot> BeginWatch(const grpc::ServerContext& context);
  // Asks the coordinator for a run on somebody's word.
  absl::StatusOr<std::string> Begin(grpc::ServerContext& context, const v1::StartRunRequest& request,
                                    const Principal& who);
  // Does what somebody was admitted to do, once that is in the audit log; `detail` says to what.
  grpc::Status Do(const absl::StatusOr<Principal>& who, absl::string_view action, const std::string& detail,
                  absl::FunctionRef<absl::Status(const Principal&)> act);
  // Waits until the run has come so far, or the caller has gone.
  absl::StatusOr<v1::Run> AwaitRun(grpc::ServerContext& context, const std::string& run_id, RunPoint point);
  // control_events.cc: what the log has of a run that its record does not tell.
  absl::Status AddLogged(const v1::Run& run, google::protobuf::RepeatedPtrField<v1::Event>& to);

  const ControlParts parts_;
  WatchSlots watches_;
};

}  // namespace faultline
