#pragma once

#include <string>

#include "controller/report/run_figures.h"

namespace faultline {

// When probes saw a step take and lift: "took in <= 4.00 ms, healed in <= 5.00 ms, resolution 6.00 ms, on 18
// directions"; where not all that changed were probed, or it did not show in all, that too; "took unseen" where it
// showed nowhere. Empty: nothing was to be seen.
std::string ObservedText(const StepFigures& step);

}  // namespace faultline
