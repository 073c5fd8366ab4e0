#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/clock.h"
#include "tests/measure/table.h"

namespace faultline::measure {

// Times of one thing done many times.
class Samples {
 public:
  void Add(Duration sample) { samples_.push_back(sample); }
  bool empty() const { return samples_.empty(); }
  std::size_t size() const { return samples_.size(); }
  // The least sample that `percent` per cent of all do not exceed (nearest rank). REQUIRES: not empty, 0 < percent
  // <= 100.
  Duration Percentile(double percent) const;

  // What Cells() fills: p50, p90, p99, max in microseconds, and n.
  static const std::vector<std::string>& Columns();
  // REQUIRES: not empty.
  std::vector<Cell> Cells() const;

 private:
  std::vector<Duration> samples_;
};

}  // namespace faultline::measure
