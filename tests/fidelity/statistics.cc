#include "tests/fidelity/statistics.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"

namespace faultline::fidelity {
namespace {

// A deviation of so many standard errors to either side happens once in 100 * kChances times: 0.01 / 20 = 0.0005.
constexpr double kDeviations = 3.48;
// sqrt(-ln(0.0005 / 2) / 2), the asymptotic bound of Kolmogorov's law for the same chance.
constexpr double kKolmogorov = 2.04;
static_assert(kChances == 20);

}  // namespace

Interval ShareInterval(double share, double draws) {
  const double margin = kDeviations * std::sqrt(share * (1 - share) / draws);
  return {share - margin, share + margin};
}

Interval RunInterval(double share, double runs) {
  // Lengths of runs are geometric: mean 1 / (1 - share), variance share / (1 - share)^2.
  const double mean = 1 / (1 - share);
  const double margin = kDeviations * std::sqrt(share) / (1 - share) / std::sqrt(runs);
  return {mean - margin, mean + margin};
}

double DistanceBound(double samples) { return kKolmogorov / std::sqrt(samples); }

double Percentile(std::vector<double> values, double percent) {
  const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * static_cast<double>(values.size())));
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

std::string Percent(double share) { return absl::StrFormat("%.4g %%", 100 * share); }

std::string PercentRange(const Interval& interval) {
  return absl::StrFormat("%.4g to %.4g %%", 100 * interval.low, 100 * interval.high);
}

std::string Milliseconds(double seconds) { return absl::StrFormat("%.2f ms", 1000 * seconds); }

double Seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace faultline::fidelity
