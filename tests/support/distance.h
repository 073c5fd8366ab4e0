#pragma once

#include <functional>
#include <vector>

namespace faultline::testing {

// Kolmogorov and Smirnov's: the largest distance of what was measured to the law, the share of values that are at most
// its argument. REQUIRES: not empty.
double Distance(std::vector<double> measured, const std::function<double(double)>& law);

}  // namespace faultline::testing
