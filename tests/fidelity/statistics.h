#pragma once

#include <string>
#include <vector>

#include "common/clock.h"

namespace faultline::fidelity {

struct Interval {
  double low = 0;
  double high = 0;

  bool Has(double value) const { return low <= value && value <= high; }
};

// Shares and laws are chance: each bound is so wide that all of a page together (at most kChances) hold in 99 of 100
// runs on a kernel that does exactly what is asked.
inline constexpr int kChances = 20;

// Where the share of hits among `draws` independent draws of probability `share` lies. REQUIRES: both are expected
// a hundred times or so, hits and misses.
Interval ShareInterval(double share, double draws);

// Where the mean length of `runs` runs of hits lies, each draw being one of probability `share`.
Interval RunInterval(double share, double runs);

// What testing::Distance does not exceed for so many samples of the law itself.
double DistanceBound(double samples);

// The least value that `percent` per cent of all do not exceed. REQUIRES: not empty, 0 < percent <= 100.
double Percentile(std::vector<double> values, double percent);

// "1.003 %", four digits.
std::string Percent(double share);
// "0.987 to 1.013 %".
std::string PercentRange(const Interval& interval);
// "40.12 ms".
std::string Milliseconds(double seconds);

double Seconds(Duration time);

}  // namespace faultline::fidelity
