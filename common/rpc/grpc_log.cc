#include "common/rpc/grpc_log.h"

#include <grpc/support/log.h>

#include <atomic>

namespace faultline {
namespace {

std::atomic<void (*)(absl::string_view)> grpc_log_sink = nullptr;

void Forward(gpr_log_func_args* arguments) {
  if (arguments->severity == GPR_LOG_SEVERITY_ERROR) grpc_log_sink.load()(arguments->message);
}

}  // namespace

void SendGrpcLogTo(void (*sink)(absl::string_view message)) {
  grpc_log_sink = sink;
  gpr_set_log_function(&Forward);
}

}  // namespace faultline
