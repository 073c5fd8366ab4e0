#pragma once

#include <string>
#include <vector>

#include "tests/measure/samples.h"
#include "tests/measure/table.h"

namespace faultline::measure {

// Times of one thing done many times in each of several runs: the figure, and how far it differs from run to run.
class Runs {
 public:
  // What is to be added now is of another run.
  void Begin() { runs_.emplace_back(); }
  // REQUIRES: Begin() was called.
  void Add(Duration sample);
  bool empty() const { return all_.empty(); }
  // Of all runs taken together, in microseconds. REQUIRES: not empty, 0 < percent <= 100.
  double Percentile(double percent) const;

  // What Cells() fills: p50 and p99 of all runs together, each with the least and the greatest of a run, in
  // microseconds; and n, runs times samples.
  static const std::vector<std::string>& Columns();
  // REQUIRES: not empty.
  std::vector<Cell> Cells() const;

 private:
  std::string Spread(double percent) const;

  Samples all_;
  std::vector<Samples> runs_;
};

}  // namespace faultline::measure
