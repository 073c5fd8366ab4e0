#pragma once

#include <iostream>
#include <memory>

#include "controller/cli/client.h"
#include "controller/cli/command_line.h"
#include "controller/cli/output.h"

namespace faultline {

// What the verbs have in common: each prints its result to standard output and its error to standard error.

inline ExitCode Fail(const absl::Status& status, ExitCode code) {
  std::cerr << status.message() << "\n";
  return code;
}

inline ExitCode Fail(const absl::Status& status) { return Fail(status, ExitCodeOf(status)); }

inline absl::StatusOr<std::unique_ptr<Client>> Connect(const CommonArguments& common) {
  return Client::Connect(common.controller, common.security);
}

// Each a line on standard error.
template <typename Texts>
void Warn(const Texts& warnings) {
  for (const std::string& warning : warnings) std::cerr << "warning: " << warning << "\n";
}

// One call and its output: JSON, or `render`'s text.
template <typename Request, typename Response, typename Render>
ExitCode CallAndPrint(const CommonArguments& common,
                      grpc::Status (v1::ControlService::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                      const Request& request, Render render) {
  const auto client = Connect(common);
  if (!client.ok()) return Fail(client.status());
  const absl::StatusOr<Response> response = (*client)->Call(method, request);
  if (!response.ok()) return Fail(response.status());
  std::cout << (common.json ? ToJson(*response) : render(*response));
  return ExitCode::kOk;
}

}  // namespace faultline
