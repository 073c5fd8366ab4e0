#pragma once

#include "common/clock.h"

namespace faultline {

// Beyond the lease, before a silent node is given up: its own timers and the way here.
inline constexpr Duration kGivingUpAfterLease = std::chrono::seconds(2);

}  // namespace faultline
