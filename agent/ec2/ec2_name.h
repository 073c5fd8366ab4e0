#pragma once

#include "absl/status/statusor.h"
#include "agent/ec2/ec2_config.h"
#include "agent/ec2/ec2_identity.h"
#include "common/name.h"

namespace faultline {

// The name that `ec2: {name: ...}` gives a node. FAILED_PRECONDITION, with the mend, when there is no such tag or its
// value can be no name; why it could not be asked, otherwise. Each may pass without the configuration being mended, so
// that none is INVALID_ARGUMENT. Pure. REQUIRES: it is not to be the host's.
absl::StatusOr<NodeName> NameOnEc2(const Ec2Config& config, const Ec2Reading& reading);

}  // namespace faultline
