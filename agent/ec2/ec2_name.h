#pragma once

#include "absl/status/statusor.h"
#include "agent/ec2/ec2_config.h"
#include "agent/ec2/ec2_identity.h"
#include "common/name.h"

namespace faultline {

// The name that `ec2: {name: ...}` gives a node. INVALID_ARGUMENT, with the mend, when that can be no name. Pure.
// REQUIRES: it is not to be the host's.
absl::StatusOr<NodeName> NameOnEc2(const Ec2Config& config, const Ec2Reading& reading);

}  // namespace faultline
