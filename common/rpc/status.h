#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace faultline {

// Their codes have the same numbers and meanings.
grpc::Status ToGrpc(const absl::Status& status);
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace faultline
