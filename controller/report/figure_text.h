#pragma once

#include <cstdint>
#include <string>

#include "common/clock.h"

namespace faultline {

// A measured or planned delay as short as people want it: "0.4ms", "8.2ms", "80ms", "1.25s", "30s", "-0.3ms".
std::string ShortDelay(Duration delay);

// A share in per cent with about two digits: "0%", "0.05%", "1.5%", "29%", "100%"; only none is "0%", and only all is
// "100%".
std::string ShortShare(double share);

// A count in groups of three digits: "12 345".
std::string GroupedCount(std::uint64_t count);

}  // namespace faultline
