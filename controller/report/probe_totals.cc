#include "controller/report/probe_totals.h"

#include <algorithm>

#include "common/timeline_codec.h"

namespace faultline {
namespace {

std::string RegionOf(const NodeName& node, const NodeRegions& regions) {
  const auto found = regions.find(node);
  return found == regions.end() || found->second.empty() ? ProbeTotals::kNone : found->second;
}

}  // namespace

void ProbeTotals::Add(const NodeName& reporter, const v1::Observation& observation, const NodeRegions& regions) {
  const std::string own = RegionOf(reporter, regions);
  const std::lock_guard lock(mutex_);
  for (const v1::ProbeWindow& window : observation.windows()) {
    const std::string other = RegionOf(NodeName(window.peer()), regions);
    if (window.sent() > 0) At(own, other).sent += window.sent();
    if (window.received() == 0) continue;
    Total& inward = At(other, own);
    inward.received += window.received();
    if (!window.has_sum_delay()) continue;
    inward.timed += window.received();
    inward.sum_delay += std::max(DecodeDuration(window.sum_delay()).value_or(Duration(0)), Duration(0));
  }
}

std::map<ProbeTotals::Pair, ProbeTotals::Total> ProbeTotals::Read() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

ProbeTotals::Total& ProbeTotals::At(const std::string& from, const std::string& to) {
  const Pair pair{.from = from, .to = to};
  const auto found = totals_.find(pair);
  if (found != totals_.end()) return found->second;
  return totals_.size() < kMostPairs ? totals_[pair] : totals_[{.from = kOther, .to = kOther}];
}

}  // namespace faultline
