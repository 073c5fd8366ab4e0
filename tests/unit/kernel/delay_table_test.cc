#include "agent/kernel/delay_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "tests/support/distance.h"
#include "tests/support/matchers.h"

namespace faultline {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Distance;
using testing::IsOk;
using testing::StatusIs;

// sch_netem.c, tabledist.
std::int64_t KernelDelay(const DelayTable& table, std::size_t entry) {
  constexpr std::int64_t kScale = 8192;
  const std::int64_t jitter = table.jitter.count();
  if (jitter == 0) return table.latency.count();
  const std::int64_t t = table.entries[entry];
  std::int64_t x = (jitter % kScale) * t;
  x += x >= 0 ? kScale / 2 : -kScale / 2;
  return x / kScale + jitter / kScale * t + table.latency.count();
}

// In seconds, ascending.
std::vector<double> KernelDelays(const DelayTable& table) {
  std::vector<double> delays;
  for (std::size_t i = 0; i < std::max<std::size_t>(1, table.entries.size()); ++i) {
    delays.push_back(static_cast<double>(KernelDelay(table, i)) * 1e-9);
  }
  std::sort(delays.begin(), delays.end());
  return delays;
}

double Mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double Deviation(const std::vector<double>& values) {
  const double mean = Mean(values);
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return std::sqrt(sum / static_cast<double>(values.size()));
}

double Normal(double x) { return std::erfc(-x / std::sqrt(2.0)) / 2; }
// Of shape 3, mean 0 and deviation 1.
double Pareto(double x) {
  const double at = x * std::sqrt(0.75) + 1.5;
  return at <= 1 ? 0 : 1 - std::pow(at, -3);
}

// The larger x for which `rising` is not above `value`, within -10 to 40.
double Inverse(const std::function<double(double)>& rising, double value) {
  double low = -10;
  double high = 40;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (rising(middle) <= value ? low : high) = middle;
  }
  return low;
}
// A quarter of the one's quantile and three quarters of the other's, brought to deviation 1.
double ParetoNormal(double x) {
  constexpr double kDeviation = 0.938;
  double low = 0;
  double high = 1;
  for (int i = 0; i < 50; ++i) {
    const double share = (low + high) / 2;
    const double quantile = (Inverse(Normal, share) + 3 * Inverse(Pareto, share)) / 4 / kDeviation;
    (quantile <= x ? low : high) = share;
  }
  return low;
}

DelayTable Table(const Impairment& impairment) {
  const auto table = MakeDelayTable(impairment);
  EXPECT_THAT(table, IsOk());
  return table.value_or(DelayTable());
}

TEST(DelayTableTest, WithoutJitterThereIsNone) {
  EXPECT_EQ(Table({.delay = milliseconds(80)}), DelayTable{.latency = milliseconds(80)});
  EXPECT_EQ(Table({}), DelayTable());
  EXPECT_EQ(Table({.delay = milliseconds(80), .distribution = Distribution::kPareto}).Longest(), milliseconds(80));
}

struct Law {
  const char* name;
  Distribution distribution;
  // What `jitter` is in standard deviations.
  double deviation;
  std::function<double(double)> standard;
  // How far the law's steps may be from it, in steps.
  double steps;
};

class DelayLawTest : public ::testing::TestWithParam<Law> {
 protected:
  static constexpr Duration kDelay = milliseconds(200);
  static constexpr Duration kJitter = milliseconds(40);
  Impairment impairment() const {
    return {.delay = kDelay, .jitter = kJitter, .distribution = GetParam().distribution};
  }
};

TEST_P(DelayLawTest, HasItsMeanAndDeviation) {
  const std::vector<double> delays = KernelDelays(Table(impairment()));
  ASSERT_EQ(delays.size(), kDelayTableSize);
  EXPECT_NEAR(Mean(delays), 0.2, 1e-6);
  EXPECT_NEAR(Deviation(delays), 0.04 * GetParam().deviation, 1e-5);
}

TEST_P(DelayLawTest, IsTheLaw) {
  const double step = 1.0 / kDelayTableSize;
  EXPECT_LT(Distance(KernelDelays(Table(impairment())), [](double x) { return GetParam().standard((x - 0.2) / 0.04); }),
            GetParam().steps * step);
}

TEST_P(DelayLawTest, UsesTheWholeRange) {
  const DelayTable table = Table(impairment());
  const auto [least, most] = std::minmax_element(table.entries.begin(), table.entries.end());
  EXPECT_LE(*least, -32765);
  EXPECT_GE(*most, 32765);
}

TEST_P(DelayLawTest, LongestIsTheLongest) {
  const DelayTable table = Table(impairment());
  const double longest = KernelDelays(table).back();
  const double bound = static_cast<double>(table.Longest().count()) * 1e-9;
  EXPECT_LE(longest, bound);
  EXPECT_NEAR(longest, bound, 1e-4);
}

TEST_P(DelayLawTest, KeepsTheBoundThatPlansRelyOn) {
  EXPECT_LE(KernelDelays(Table(impairment())).back(),
            std::chrono::duration<double>(impairment().LongestDelay()).count());
}

TEST_P(DelayLawTest, WhatPlansMayHaveIsNotTooWide) {
  Impairment widest = impairment();
  widest.delay = seconds(30);
  // To a microsecond, by halves.
  widest.jitter = Duration(0);
  for (Duration step = seconds(16); step > microseconds(1); step /= 2) {
    widest.jitter += step;
    if (!CheckImpairment(widest).empty()) widest.jitter -= step;
  }
  ASSERT_GT(widest.jitter, milliseconds(500));
  EXPECT_THAT(MakeDelayTable(widest), IsOk());
}

TEST_P(DelayLawTest, NoDelayIsNegative) {
  Impairment wide = impairment();
  wide.jitter = kDelay;
  EXPECT_GE(KernelDelays(Table(wide)).front(), -1e-6);
}

INSTANTIATE_TEST_SUITE_P(
    Laws, DelayLawTest,
    ::testing::Values(Law{"uniform", Distribution::kUniform, 1 / std::sqrt(3.0),
                          [](double x) { return std::clamp((x + 1) / 2, 0.0, 1.0); }, 1},
                      Law{"normal", Distribution::kNormal, 1, Normal, 1},
                      // The last step, which stands for all that is later still, moves the others a little.
                      Law{"pareto", Distribution::kPareto, 1, Pareto, 30},
                      Law{"paretonormal", Distribution::kParetoNormal, 1, ParetoNormal, 10}),
    [](const auto& law) { return law.param.name; });

TEST(DelayTableTest, OfParetoTheTailIsLong) {
  const std::vector<double> delays = KernelDelays(
      Table({.delay = milliseconds(200), .jitter = milliseconds(10), .distribution = Distribution::kPareto}));
  EXPECT_NEAR(delays.back(), 0.2 + 30 * 0.01, 0.01);
  // The shortest is 0.577 deviations before the mean.
  EXPECT_NEAR(delays.front(), 0.2 - 0.00577, 0.00005);
  // One in a hundred is later than by 3.63 deviations.
  EXPECT_NEAR(delays[kDelayTableSize * 99 / 100], 0.2 + 0.0363, 0.0005);
}

TEST(DelayTableTest, ParetoNormalLiesBetween) {
  const auto quantile = [](Distribution distribution, double share) {
    const std::vector<double> delays =
        KernelDelays(Table({.delay = milliseconds(500), .jitter = milliseconds(10), .distribution = distribution}));
    return delays[static_cast<std::size_t>(share * kDelayTableSize)];
  };
  for (const double share : {0.001, 0.999}) {
    const double normal = quantile(Distribution::kNormal, share);
    const double pareto = quantile(Distribution::kPareto, share);
    const double both = quantile(Distribution::kParetoNormal, share);
    // The sum of the two laws, brought to one deviation, which it is 5 % short of.
    EXPECT_NEAR((both - 0.5) / (normal / 4 + pareto * 3 / 4 - 0.5), 1.05, 0.02) << share;
  }
}

TEST(DelayTableTest, SamplesAreAsGiven) {
  const std::vector<Duration> samples = {milliseconds(1), milliseconds(2), microseconds(2500), milliseconds(90)};
  const DelayTable table = Table({.distribution = Distribution::kSamples, .samples = samples});
  ASSERT_EQ(table.entries.size(), 4u);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    // 90 ms in 65534 units.
    EXPECT_NEAR(static_cast<double>(KernelDelay(table, i)), static_cast<double>(samples[i].count()), 1400) << i;
  }
}

TEST(DelayTableTest, EqualSamplesAreOneDelay) {
  EXPECT_EQ(Table({.distribution = Distribution::kSamples, .samples = {milliseconds(7), milliseconds(7)}}),
            DelayTable{.latency = milliseconds(7)});
}

TEST(DelayTableTest, ALawTooWideForNetemIsRefused) {
  const auto wide = [](Duration longest) {
    return MakeDelayTable({.distribution = Distribution::kSamples, .samples = {Duration(0), longest}});
  };
  EXPECT_THAT(wide(seconds(17)), IsOk());
  EXPECT_THAT(wide(seconds(18)), StatusIs(absl::StatusCode::kInvalidArgument, ::testing::HasSubstr("0s to 18s")));
}

}  // namespace
}  // namespace faultline
