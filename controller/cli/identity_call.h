#pragma once

#include "controller/cli/call.h"
#include "faultline/v1/identity.grpc.pb.h"

namespace faultline {

// As CallAndPrint, of the service that admits nodes and people.
template <typename Request, typename Response, typename Render>
ExitCode CallIdentityAndPrint(const CommonArguments& common,
                              grpc::Status (v1::IdentityService::Stub::*method)(grpc::ClientContext*, const Request&,
                                                                                Response*),
                              const Request& request, Render render) {
  const auto client = Connect(common);
  if (!client.ok()) return Fail(client.status());
  v1::IdentityService::Stub stub((*client)->channel());
  grpc::ClientContext context;
  Response response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  if (!status.ok()) return Fail(FromGrpc(status));
  std::cout << (common.json ? ToJson(response) : render(response));
  return ExitCode::kOk;
}

}  // namespace faultline
