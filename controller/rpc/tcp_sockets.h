#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/unique_fd.h"

namespace faultline {

// Listens on "HOST:PORT": on every address that HOST has; on all of this host, of IPv4 and IPv6, for "0.0.0.0" and
// "[::]". Non-blocking, closed on exec, and the port shared with nobody. A connection whose peer does not acknowledge
// what it was sent for so long is given up. FAILED_PRECONDITION says what is in the way, and how to mend it.
absl::StatusOr<std::vector<UniqueFd>> ListenTcp(const std::string& target, Duration patience);

}  // namespace faultline
