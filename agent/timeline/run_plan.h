#pragma once

#include <map>
#include <optional>
#include <set>

#include "common/timeline.h"

namespace faultline {

// What a timeline says of one moment. Pure; `elapsed` counts from T0.

// The steps that are active at `elapsed`.
std::set<StepIndex> ActiveSteps(const Timeline& timeline, Duration elapsed);

// Those of them that act on packets (a flapping step does only while it is down), each with when that ends.
std::map<StepIndex, Duration> ActingSteps(const Timeline& timeline, Duration elapsed);

// How far the ramps of active steps are: changes made so far.
std::map<StepIndex, std::size_t> RampPositions(const Timeline& timeline, Duration elapsed);

// The first moment after `elapsed` at which any of this changes, or the timeline ends; none when it is over.
std::optional<Duration> NextChange(const Timeline& timeline, Duration elapsed);

// The step with this index. REQUIRES: it exists.
const Step& StepAt(const Timeline& timeline, StepIndex index);

}  // namespace faultline
