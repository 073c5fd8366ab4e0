#pragma once

#include "common/timeline.h"

namespace faultline {

// Nobody waits longer for packets that an impairment holds back.
inline constexpr Duration kMostDrain = std::chrono::seconds(10);

// How much later than `end` the last of those packets comes out of a step's lane that go into it in [start, end), times
// since the step began; without the queueing for a rate, and as if it never flapped. Zero for a step that does not
// delay. Pure. REQUIRES: 0 <= start <= end.
Duration DrainTime(const Step& step, Duration start, Duration end);

}  // namespace faultline
