#pragma once

#include <cstdint>
#include <optional>

#include "faultline/v1/run.pb.h"

namespace faultline {

// What a step's rules have counted, on all nodes together, by the newest that each node has told; absent while none has
// told anything of the step. Pure.
std::optional<v1::StepCounters> CountersOf(const v1::Run& run, std::uint32_t step);

}  // namespace faultline
