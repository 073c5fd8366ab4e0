#pragma once

#include <grpcpp/server_context.h>

#include "absl/status/statusor.h"
#include "controller/access/principal.h"

namespace faultline {

// Tells who calls. Any thread.
class Gate {
 public:
  virtual ~Gate() = default;
  // UNAUTHENTICATED, with what would prove it, when the caller has proven nothing.
  virtual absl::StatusOr<Principal> Identify(const grpc::ServerContextBase& context) const = 0;
};

}  // namespace faultline
