#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

#include "common/clock.h"

namespace faultline::measure {

inline double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }
inline double Microseconds(Duration duration) { return std::chrono::duration<double, std::micro>(duration).count(); }

// The middle one; of an even number the greater of the two there. REQUIRES: not empty.
inline double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace faultline::measure
