#pragma once

#include <optional>
#include <set>

#include "common/timeline.h"

namespace faultline {

// The steps that act at `elapsed` after T0. Pure.
std::set<StepIndex> ActiveSteps(const Timeline& timeline, Duration elapsed);

// The first moment after `elapsed` at which a step begins or ends, or the timeline ends; none when it is over. Pure.
std::optional<Duration> NextChange(const Timeline& timeline, Duration elapsed);

// The step with this index. REQUIRES: it exists.
const Step& StepAt(const Timeline& timeline, StepIndex index);

}  // namespace faultline
