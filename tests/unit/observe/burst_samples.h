#pragma once

#include "agent/observe/probe_burst.h"

namespace faultline {

// Two peers to probe, one to note, every 5 ms for 1.3 s; passes CheckProbeBursts.
inline ProbeBurst SampleBurst(std::uint32_t number, ControllerTime start) {
  return {.number = number,
          .start = start,
          .length = std::chrono::milliseconds(1300),
          .interval = std::chrono::milliseconds(5),
          .to = {{NodeName("par-1"), Family::kIpv4}, {NodeName("par-2"), Family::kIpv4}},
          .from = {{NodeName("lon-2"), Family::kIpv6}}};
}

}  // namespace faultline
