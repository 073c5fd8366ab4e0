#include "common/program/nft_sets.h"

#include <algorithm>

namespace faultline {

std::set<SetPart> UsedSets(const Program& program, std::span<const StepChain> chains) {
  std::set<SetPart> used;
  for (const StepChain& chain : chains) {
    for (const auto& [match, family] : chain.matches) {
      for (const auto& set :
           {match.sources, match.destinations, match.except_destinations, chain.step->filter.except_addresses}) {
        if (set && program.prefix_sets[*set].HasFamily(family)) used.emplace(chain.table(), *set, family);
      }
    }
  }
  return used;
}

std::span<const Prefix> PartOf(const PrefixSet& set, Family family) {
  const std::vector<Prefix>& all = set.prefixes();
  const auto middle =
      std::partition_point(all.begin(), all.end(), [](const Prefix& p) { return p.family() == Family::kIpv4; });
  return family == Family::kIpv4 ? std::span(all.begin(), middle) : std::span(middle, all.end());
}

}  // namespace faultline
