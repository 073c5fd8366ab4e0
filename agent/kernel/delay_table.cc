#include "agent/kernel/delay_table.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "absl/strings/str_cat.h"
#include "common/duration.h"

namespace faultline {
namespace {

// linux/pkt_sched.h, NETEM_DIST_SCALE.
constexpr std::int64_t kScale = 8192;
constexpr std::int64_t kMostEntry = std::numeric_limits<std::int16_t>::max();

using Deviations = std::vector<double>;

double StepEnd(std::size_t step) { return static_cast<double>(step) / kDelayTableSize; }

double NormalDensity(double x) { return std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi); }

// Where a standard normal variable is below with this probability. `near` is a first guess from below.
double NormalQuantile(double probability, double near) {
  double low = near;
  double high = 9;
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    (std::erfc(-middle / std::numbers::sqrt2) / 2 < probability ? low : high) = middle;
  }
  return low;
}

// To mean 0 and standard deviation 1.
Deviations Standardized(Deviations values) {
  const auto count = static_cast<double>(values.size());
  double mean = 0;
  for (const double value : values) mean += value / count;
  double variance = 0;
  for (const double value : values) variance += (value - mean) * (value - mean) / count;
  for (double& value : values) value = (value - mean) / std::sqrt(variance);
  return values;
}

Deviations UniformDeviations() {
  Deviations values;
  for (std::size_t i = 0; i < kDelayTableSize; ++i) values.push_back(StepEnd(i) + StepEnd(i + 1) - 1);
  return values;
}

Deviations NormalDeviations() {
  Deviations values;
  double start = -9;
  for (std::size_t i = 0; i < kDelayTableSize; ++i) {
    const double end = i + 1 == kDelayTableSize ? 9 : NormalQuantile(StepEnd(i + 1), start);
    values.push_back((NormalDensity(start) - NormalDensity(end)) * kDelayTableSize);
    start = end;
  }
  return Standardized(std::move(values));
}

Deviations ParetoDeviations() {
  // Of shape 3 and smallest value 1, the mean between the quantiles of u and v is
  // 3/2 ((1-u)^(2/3) - (1-v)^(2/3)) / (v-u).
  const auto mean_above = [](double u) { return 1.5 * std::pow(1 - u, 2.0 / 3); };
  Deviations values;
  for (std::size_t i = 0; i < kDelayTableSize; ++i) {
    values.push_back((mean_above(StepEnd(i)) - mean_above(StepEnd(i + 1))) * kDelayTableSize);
  }
  // A tenth of the variance lies within the last step. There the root of the mean square, sqrt(3) v^(1/3) above the
  // quantile of 1 - v, keeps it; otherwise all others would have to be stretched for it.
  values.back() = std::sqrt(3.0) * std::cbrt(static_cast<double>(kDelayTableSize));
  return Standardized(std::move(values));
}

Deviations ParetoNormalDeviations() {
  const Deviations normal = NormalDeviations();
  const Deviations pareto = ParetoDeviations();
  Deviations values;
  for (std::size_t i = 0; i < kDelayTableSize; ++i) values.push_back(normal[i] / 4 + pareto[i] * 3 / 4);
  return Standardized(std::move(values));
}

// In ascending order. Of samples: none.
const Deviations& DeviationsOf(Distribution law) {
  static const Deviations kNone;
  switch (law) {
    case Distribution::kUniform: {
      static const Deviations kValues = UniformDeviations();
      return kValues;
    }
    case Distribution::kNormal: {
      static const Deviations kValues = NormalDeviations();
      return kValues;
    }
    case Distribution::kPareto: {
      static const Deviations kValues = ParetoDeviations();
      return kValues;
    }
    case Distribution::kParetoNormal: {
      static const Deviations kValues = ParetoNormalDeviations();
      return kValues;
    }
    case Distribution::kSamples:
      return kNone;
  }
  return kNone;
}

// Equally likely delays, in ascending order.
std::vector<Duration> DelaysOf(const Impairment& impairment) {
  if (impairment.distribution == Distribution::kSamples) return impairment.samples;
  if (impairment.jitter == Duration(0)) return {impairment.delay};
  std::vector<Duration> delays;
  for (const double deviation : DeviationsOf(impairment.distribution)) {
    const double offset = deviation * static_cast<double>(impairment.jitter.count());
    delays.push_back(std::max(Duration(0), impairment.delay + Duration(std::llround(offset))));
  }
  return delays;
}

}  // namespace

absl::StatusOr<DelayTable> MakeDelayTable(const Impairment& impairment) {
  const std::vector<Duration> delays = DelaysOf(impairment);
  if (delays.empty()) return absl::InvalidArgumentError("a delay by samples has no samples");
  const std::int64_t spread = (delays.back() - delays.front()).count();
  DelayTable table{.latency = delays.front() + Duration(spread / 2)};
  // The smallest unit in which the farthest entry fits: the finest table.
  const std::int64_t farthest = spread - spread / 2;
  const std::int64_t jitter = (farthest * kScale + kMostEntry - 1) / kMostEntry;
  if (jitter > std::numeric_limits<std::int32_t>::max()) {
    return absl::InvalidArgumentError(absl::StrCat("delays from ", FormatDuration(delays.front()), " to ",
                                                   FormatDuration(delays.back()),
                                                   " are further apart than netem can do, 17s"));
  }
  table.jitter = Duration(jitter);
  if (jitter == 0) return table;
  table.entries.reserve(delays.size());
  for (const Duration delay : delays) {
    const double units = static_cast<double>((delay - table.latency).count()) / static_cast<double>(jitter);
    table.entries.push_back(static_cast<std::int16_t>(std::lround(units * kScale)));
  }
  return table;
}

}  // namespace faultline
