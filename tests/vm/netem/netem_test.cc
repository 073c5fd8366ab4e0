// What a lane with netem does to each packet: delay and its law, loss, duplicates, corruption. By numbers: shares
// within 4 standard errors of the binomial law (one false alarm in 16 000), laws by the test of Kolmogorov and Smirnov.

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "tests/lab/kernel/lane_bed.h"
#include "tests/support/distance.h"
#include "tests/support/matchers.h"

namespace faultline::testing {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

double Seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

Duration Median(const std::vector<Datagram>& datagrams) {
  std::vector<Duration> delays;
  for (const Datagram& datagram : datagrams) delays.push_back(datagram.delay);
  std::nth_element(delays.begin(), delays.begin() + delays.size() / 2, delays.end());
  return delays[delays.size() / 2];
}

void ExpectShare(double hits, double of, double share) {
  const double error = 4 * std::sqrt(share * (1 - share) / of);
  EXPECT_NEAR(hits / of, share, error) << hits << " of " << of;
}

class NetemTest : public LaneBed {};

TEST_F(NetemTest, DelaysEachPacket) {
  Make({.delay = milliseconds(40)});
  Forward();
  const std::vector<Datagram> datagrams = PassSingly(500, milliseconds(1));
  ASSERT_EQ(datagrams.size(), 500u);
  EXPECT_NEAR(Seconds(Median(datagrams)), 0.040, 0.004);
  for (const Datagram& datagram : datagrams) EXPECT_GE(Seconds(datagram.delay), 0.0399);
}

TEST_F(NetemTest, DelaysForLong) {
  Make({.delay = std::chrono::seconds(3)});
  Forward();
  const std::vector<Datagram> datagrams = Pass(2000);
  ASSERT_EQ(datagrams.size(), 2000u);
  EXPECT_NEAR(Seconds(Median(datagrams)), 3, 0.2);
}

struct Law {
  std::string name;
  Impairment impairment;
  // The share of delays at most so many seconds.
  std::function<double(double)> distribution;
};

double Normal(double deviations) { return std::erfc(-deviations / std::sqrt(2.0)) / 2; }

// Of shape 3, by mean and standard deviation.
double Pareto(double mean, double deviation, double at) {
  const double smallest = deviation / std::sqrt(0.75);
  const double x = (at - mean) / smallest + 1.5;
  return x <= 1 ? 0 : 1 - std::pow(x, -3);
}

// Two heaps.
std::vector<Duration> Steps() {
  std::vector<Duration> samples;
  for (int i = 0; i < 100; ++i) samples.push_back(milliseconds(i < 70 ? 200 : 1500) + milliseconds(5) * i);
  return samples;
}

void PrintTo(const Law& law, std::ostream* stream) { *stream << law.name; }

class NetemLawTest : public NetemTest, public ::testing::WithParamInterface<Law> {};

TEST_P(NetemLawTest, IsTheLaw) {
  // What the way adds beside the lane.
  Make({.delay = milliseconds(5)});
  Forward();
  const Duration added = Median(PassSingly(500, milliseconds(1))) - milliseconds(5);
  Change(GetParam().impairment);
  std::vector<double> measured;
  for (const Datagram& datagram : PassSingly(4000, microseconds(1500))) {
    measured.push_back(Seconds(datagram.delay - added));
  }
  ASSERT_EQ(measured.size(), 4000u);
  // 1.95 / sqrt(n) one time in 1000, and what an emulated machine, at times late by 10 ms and more, adds.
  EXPECT_LT(Distance(measured, GetParam().distribution), 1.95 / std::sqrt(4000.0) + 0.03);
}

INSTANTIATE_TEST_SUITE_P(
    Laws, NetemLawTest,
    ::testing::Values(
        Law{.name = "uniform",
            .impairment = {.delay = milliseconds(1000), .jitter = milliseconds(900), .reorder_by_jitter = true},
            .distribution = [](double x) { return std::clamp((x - 0.1) / 1.8, 0.0, 1.0); }},
        Law{.name = "normal",
            .impairment = {.delay = milliseconds(1600),
                           .jitter = milliseconds(400),
                           .distribution = Distribution::kNormal,
                           .reorder_by_jitter = true},
            .distribution = [](double x) { return Normal((x - 1.6) / 0.4); }},
        Law{.name = "pareto",
            .impairment = {.delay = milliseconds(500),
                           .jitter = milliseconds(400),
                           .distribution = Distribution::kPareto,
                           .reorder_by_jitter = true},
            .distribution = [](double x) { return Pareto(0.5, 0.4, x); }},
        Law{.name = "samples",
            .impairment = {.distribution = Distribution::kSamples, .samples = Steps(), .reorder_by_jitter = true},
            .distribution =
                [](double x) {
                  const std::vector<Duration> steps = Steps();
                  const auto below = [x](Duration sample) { return Seconds(sample) <= x; };
                  return static_cast<double>(std::count_if(steps.begin(), steps.end(), below)) / 100;
                }}),
    [](const auto& law) { return law.param.name; });

TEST_F(NetemTest, LosesPacketsAsTheyAreOnTheWire) {
  constexpr std::uint32_t kDatagrams = 200'000;
  Make({.loss = Ratio::Percent(1)});
  Forward();
  const std::size_t arrived = Pass(kDatagrams).size();
  ExpectShare(kDatagrams - static_cast<double>(arrived), kDatagrams, 0.01);
  EXPECT_EQ(Counters(), (LaneCounters{.passed = arrived, .lost = kDatagrams - arrived}));
}

TEST_F(NetemTest, LosesAllOrNone) {
  Make({.loss = Ratio::Percent(100)});
  Forward();
  EXPECT_EQ(Pass(5000).size(), 0u);
  EXPECT_EQ(Counters(), LaneCounters{.lost = 5000});
  Change({.delay = milliseconds(1)});
  EXPECT_EQ(Pass(5000).size(), 5000u);
  EXPECT_EQ(Counters(), (LaneCounters{.passed = 5000, .lost = 5000}));
}

TEST_F(NetemTest, CorrelatedLossIsTheShareAskedFor) {
  constexpr std::uint32_t kDatagrams = 100'000;
  for (const std::uint32_t correlation : {25, 75}) {
    Make({.loss = Ratio::Percent(5), .loss_correlation = Ratio::Percent(correlation)});
    Forward();
    Pass(kDatagrams);
    // Losses come together, so their number varies more.
    EXPECT_NEAR(static_cast<double>(Counters().lost) / kDatagrams, 0.05, 0.006) << correlation;
    Clear();
  }
}

// Lengths of the runs of lost datagrams.
std::vector<std::uint32_t> Bursts(const std::vector<Datagram>& arrived) {
  std::vector<std::uint32_t> bursts;
  std::uint32_t next = 0;
  for (const Datagram& datagram : arrived) {
    if (datagram.sequence > next) bursts.push_back(datagram.sequence - next);
    next = datagram.sequence + 1;
  }
  return bursts;
}

TEST_F(NetemTest, LosesInBursts) {
  constexpr std::uint32_t kDatagrams = 200'000;
  const GilbertElliott model{.p = Ratio::Percent(1), .r = Ratio::Percent(20)};
  Make({.bursts = model});
  Forward();
  const std::vector<Datagram> arrived = Pass(kDatagrams);
  const std::vector<std::uint32_t> bursts = Bursts(arrived);
  const double lost = std::accumulate(bursts.begin(), bursts.end(), 0.0);
  EXPECT_NEAR(lost / kDatagrams, model.MeanLoss(), 0.006);
  EXPECT_NEAR(lost / static_cast<double>(bursts.size()), 5, 0.5);
  EXPECT_NEAR(static_cast<double>(Counters().lost), lost, 50);
}

TEST_F(NetemTest, LosesSomeInEachState) {
  constexpr std::uint32_t kDatagrams = 200'000;
  // Half of the time in each state.
  const GilbertElliott model{.p = Ratio::Percent(20),
                             .r = Ratio::Percent(20),
                             .bad_loss = Ratio::Percent(30),
                             .good_loss = Ratio::Percent(10)};
  Make({.bursts = model});
  Forward();
  const double arrived = static_cast<double>(Pass(kDatagrams).size());
  EXPECT_NEAR(1 - arrived / kDatagrams, 0.2, 0.01);
}

TEST_F(NetemTest, SendsSomeTwice) {
  constexpr std::uint32_t kDatagrams = 50'000;
  Make({.duplicate = Ratio::Percent(5)});
  Forward();
  std::vector<std::uint32_t> times(kDatagrams);
  for (const Datagram& datagram : Pass(kDatagrams)) ++times[datagram.sequence];
  EXPECT_EQ(std::count(times.begin(), times.end(), 0u), 0);
  const auto twice = std::count(times.begin(), times.end(), 2u);
  ExpectShare(static_cast<double>(twice), kDatagrams, 0.05);
  EXPECT_EQ(Counters(), LaneCounters{.passed = static_cast<std::uint64_t>(kDatagrams + twice)});
}

TEST_F(NetemTest, SendsSomeTwiceAndLosesOthers) {
  constexpr std::uint32_t kDatagrams = 50'000;
  Make({.loss = Ratio::Percent(10), .duplicate = Ratio::Percent(5)});
  Forward();
  const auto arrived = static_cast<double>(Pass(kDatagrams).size());
  EXPECT_NEAR(arrived / kDatagrams, 0.9 * 1.05, 0.01);
  const LaneCounters counters = Counters();
  EXPECT_EQ(static_cast<double>(counters.passed), arrived);
  EXPECT_NEAR(static_cast<double>(counters.lost), 0.1 * 1.05 * kDatagrams, 400);
  EXPECT_EQ(counters.overflowed, 0u);
  // What was lost stays so.
  Change({.duplicate = Ratio::Percent(5)});
  Pass(100);
  EXPECT_EQ(Counters().lost, counters.lost);
  EXPECT_EQ(Counters().overflowed, 0u);
}

TEST_F(NetemTest, ChangesABitOfSome) {
  constexpr std::uint32_t kDatagrams = 20'000;
  constexpr std::size_t kPayload = 200;
  Make({.corrupt = Ratio::Percent(10)});
  Forward();
  const auto arrived = static_cast<double>(PassSingly(kDatagrams, Duration(0), kPayload).size());
  EXPECT_EQ(Counters(), LaneCounters{.passed = kDatagrams});
  // A checksum finds each, but where the bit is in the link's header.
  constexpr double kNoticed = (20 + 8 + kPayload) / (14 + 20 + 8 + static_cast<double>(kPayload));
  ExpectShare(kDatagrams - arrived, kDatagrams, 0.10 * kNoticed);
}

}  // namespace
}  // namespace faultline::testing
