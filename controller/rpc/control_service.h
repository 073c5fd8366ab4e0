#pragma once

#include <grpcpp/grpcpp.h>

#include "controller/run/coordinator.h"
#include "controller/run/fleet.h"
#include "controller/store/run_store.h"
#include "faultline/v1/control.grpc.pb.h"

namespace faultline {

// What people ask of the controller. Synchronous: gRPC's own threads wait in Await. References must outlive the server.
class ControlService : public v1::ControlService::Service {
 public:
  ControlService(Fleet& fleet, Coordinator& coordinator, RunStore& store);

  grpc::Status ListNodes(grpc::ServerContext* context, const v1::ListNodesRequest* request,
                         v1::ListNodesResponse* response) override;
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
  grpc::Status AbortRun(grpc::ServerContext* context, const v1::AbortRunRequest* request,
                        v1::AbortRunResponse* response) override;
  grpc::Status Heal(grpc::ServerContext* context, const v1::HealRequest* request, v1::HealResponse* response) override;
  grpc::Status GetMatrix(grpc::ServerContext* context, const v1::GetMatrixRequest* request,
                         v1::GetMatrixResponse* response) override;

 private:
  // Waits until the run satisfies `done` or the caller has gone.
  template <typename Predicate>
  absl::StatusOr<v1::Run> AwaitRun(grpc::ServerContext& context, const std::string& run_id, Predicate done);

  Fleet& fleet_;
  Coordinator& coordinator_;
  RunStore& store_;
};

}  // namespace faultline
