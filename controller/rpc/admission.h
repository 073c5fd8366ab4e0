#pragma once

#include "controller/rpc/gate.h"

namespace faultline {

// Stands before every call that people make. Any thread; the gate must outlive it.
class Admission {
 public:
  explicit Admission(const Gate& gate) : gate_(gate) {}

  // Who calls, when its role allows this: `least` or more. `action` says what is asked, such as "start a run".
  // UNAUTHENTICATED as the gate's; PERMISSION_DENIED names the role that is had and the one that is needed.
  absl::StatusOr<Principal> Admit(const grpc::ServerContextBase& context, Role least, absl::string_view action) const;

 private:
  const Gate& gate_;
};

}  // namespace faultline
