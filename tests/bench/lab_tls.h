#pragma once

#include <string>

#include "absl/status/status.h"

namespace faultline::bench {

// Has the controller and the agent lon-1 of a lab speak mutual TLS when they are started: makes an authority and their
// certificates, and writes both configurations, into `state`, which is the lab's folder.
absl::Status ConfigureTls(const std::string& state);

}  // namespace faultline::bench
