#pragma once

#include <string>

namespace faultline {

// The MAC of an interface of this network namespace, as "0a:ff:00:11:22:33"; empty for one that has none, or is gone.
std::string HardwareAddress(const std::string& interface);

}  // namespace faultline
