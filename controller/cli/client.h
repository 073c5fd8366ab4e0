#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/rpc/credentials.h"
#include "common/rpc/status.h"
#include "faultline/v1/control.grpc.pb.h"

namespace faultline {

// The command line's connection to its controller.
class Client {
 public:
  // Connects, waiting at most two seconds. UNAVAILABLE, naming the target and what to look at, when nobody answers;
  // INVALID_ARGUMENT when the target is malformed or the files for TLS do not serve.
  static absl::StatusOr<std::unique_ptr<Client>> Connect(const std::string& target, const Security& security);

  v1::ControlService::Stub& stub() { return *stub_; }
  // For the stubs of other services.
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  // One call: `method` is the stub's, such as &v1::ControlService::Stub::GetRun.
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (v1::ControlService::Stub::*method)(grpc::ClientContext*, const Request&,
                                                                                 Response*),
                                const Request& request) {
    grpc::ClientContext context;
    return Call(method, request, context);
  }
  // The same within a context, which serves once: with a deadline, or to be cancelled.
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (v1::ControlService::Stub::*method)(grpc::ClientContext*, const Request&,
                                                                                 Response*),
                                const Request& request, grpc::ClientContext& context) {
    Response response;
    const grpc::Status status = (stub_.get()->*method)(&context, request, &response);
    if (!status.ok()) return FromGrpc(status);
    return response;
  }

 private:
  explicit Client(std::shared_ptr<grpc::Channel> channel)
      : channel_(std::move(channel)), stub_(v1::ControlService::NewStub(channel_)) {}
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::ControlService::Stub> stub_;
};

}  // namespace faultline
