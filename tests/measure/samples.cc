#include "tests/measure/samples.h"

#include <algorithm>
#include <cmath>

#include "tests/measure/figures.h"

namespace faultline::measure {

Duration Samples::Percentile(double percent) const {
  std::vector<Duration> sorted = samples_;
  std::sort(sorted.begin(), sorted.end());
  const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

const std::vector<std::string>& Samples::Columns() {
  static const auto* const columns = new std::vector<std::string>{"p50 us", "p90 us", "p99 us", "max us", "n"};
  return *columns;
}

std::vector<Cell> Samples::Cells() const {
  return {Microseconds(Percentile(50)), Microseconds(Percentile(90)), Microseconds(Percentile(99)),
          Microseconds(Percentile(100)), static_cast<std::int64_t>(samples_.size())};
}

}  // namespace faultline::measure
