#include "tests/support/distance.h"

#include <algorithm>
#include <cmath>

namespace faultline::testing {

double Distance(std::vector<double> measured, const std::function<double(double)>& law) {
  std::sort(measured.begin(), measured.end());
  const auto count = static_cast<double>(measured.size());
  double distance = 0;
  for (std::size_t i = 0; i < measured.size(); ++i) {
    const double expected = law(measured[i]);
    distance = std::max({distance, std::abs(static_cast<double>(i) / count - expected),
                         std::abs(static_cast<double>(i + 1) / count - expected)});
  }
  return distance;
}

}  // namespace faultline::testing
