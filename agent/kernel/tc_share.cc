#include "agent/kernel/tc_share.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace faultline {
namespace {

constexpr std::uint32_t kAll = std::numeric_limits<std::uint32_t>::max();
constexpr double kTwoTo32 = 4294967296.0;

// Of 2^32, rounded; 0 to 2^32.
std::uint64_t Of32Bits(Ratio ratio) {
  const std::uint64_t parts = std::min(ratio.parts_per_billion(), Ratio::kOne);
  return ((parts << 32) + Ratio::kOne / 2) / Ratio::kOne;
}

// The share of numbers x = (1 - c) u + c x' that are at most x, x' being the number before and u even within 0 to 1.
class CorrelatedNumbers {
 public:
  explicit CorrelatedNumbers(double correlation) : correlation_(correlation), below_(kCells + 1), sum_(kCells + 1) {
    for (int i = 0; i <= kCells; ++i) below_[i] = static_cast<double>(i) / kCells;
    // Each round brings what is wrong down by the correlation.
    const int rounds = static_cast<int>(std::ceil(std::log(kPrecision) / std::log(correlation)));
    for (int round = 0; round < rounds; ++round) Mix();
  }

  // The number that this share of all is at most.
  double Quantile(double share) const {
    const auto above = std::lower_bound(below_.begin(), below_.end(), share);
    if (above == below_.begin()) return 0;
    if (above == below_.end()) return 1;
    const double rise = *above - *(above - 1);
    const double within = rise > 0 ? (share - *(above - 1)) / rise : 1;
    return (static_cast<double>(above - below_.begin()) - 1 + within) / kCells;
  }

 private:
  static constexpr int kCells = 1 << 14;
  static constexpr double kPrecision = 1e-9;

  // The integral of below_ from 0 to x.
  double Integral(double x) const {
    if (x <= 0) return 0;
    if (x >= 1) return sum_[kCells] + (x - 1);
    const double at = x * kCells;
    const auto cell = static_cast<int>(at);
    const double within = at - cell;
    const double rise = below_[cell + 1] - below_[cell];
    return sum_[cell] + within * (below_[cell] + within * rise / 2) / kCells;
  }

  void Mix() {
    for (int i = 0; i < kCells; ++i) sum_[i + 1] = sum_[i] + (below_[i] + below_[i + 1]) / 2 / kCells;
    const double rest = 1 - correlation_;
    std::vector<double> mixed(kCells + 1);
    for (int i = 0; i <= kCells; ++i) {
      const double x = static_cast<double>(i) / kCells;
      mixed[i] = correlation_ / rest * (Integral(x / correlation_) - Integral((x - rest) / correlation_));
    }
    below_ = std::move(mixed);
  }

  double correlation_;
  std::vector<double> below_;
  std::vector<double> sum_;
};

// Where the numbers lie so close together that they are as good as normal: their quantile.
double NearlyNormalQuantile(double correlation, double share) {
  const double deviation = std::sqrt((1 - correlation) / (1 + correlation) / 12);
  double low = -8;
  double high = 8;
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    (std::erfc(-middle / std::sqrt(2.0)) / 2 < share ? low : high) = middle;
  }
  return std::clamp(0.5 + low * deviation, 0.0, 1.0);
}

}  // namespace

std::uint32_t NetemShare(Ratio ratio) {
  const std::uint64_t share = Of32Bits(ratio);
  return share == 0 ? 0 : static_cast<std::uint32_t>(share - 1);
}

std::uint32_t NetemChance(Ratio ratio) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(Of32Bits(ratio), kAll));
}

std::uint32_t CorrelatedNetemShare(Ratio ratio, Ratio correlation) {
  constexpr Ratio kNearlyNormal = Ratio::Percent(98);
  if (ratio.zero() || ratio >= Ratio::Percent(100)) return NetemShare(ratio);
  if (correlation.zero() || correlation >= Ratio::Percent(100)) return NetemShare(ratio);
  const double share = ratio.AsDouble();
  const double quantile = correlation > kNearlyNormal ? NearlyNormalQuantile(correlation.AsDouble(), share)
                                                      : CorrelatedNumbers(correlation.AsDouble()).Quantile(share);
  return static_cast<std::uint32_t>(std::clamp(quantile * kTwoTo32 - 1, 1.0, kTwoTo32 - 1));
}

}  // namespace faultline
