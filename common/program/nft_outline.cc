#include "common/program/nft_outline.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include "common/program/nft_sets.h"
#include "common/program/nft_variants.h"

namespace faultline {
namespace {

using Parts = std::vector<std::span<const Prefix>>;

// What the rules ask for of a family, each set once; nothing where one of them asks for no remote address.
Parts RemotesOf(const Program& program, std::span<const StepChain> chains, Place place, Family family) {
  const bool source = RemoteEnd(InfoOf(place).direction) == End::kSource;
  std::set<SetIndex> sets;
  for (const StepChain& chain : chains) {
    if (!chain.IsAt(place)) continue;
    for (const FamilyMatch& entry : chain.matches) {
      if (entry.family != family) continue;
      const std::optional<SetIndex>& remote = source ? entry.match.sources : entry.match.destinations;
      if (!remote) return {};
      sets.insert(*remote);
    }
  }
  Parts parts;
  for (const SetIndex set : sets) parts.push_back(PartOf(program.prefix_sets[set], family));
  return parts;
}

// The prefixes of this length that hold what the parts have, or nothing when they are more than `most`. The longer, the
// more they are.
std::optional<Outline> OutlineOf(const Parts& parts, int length, std::size_t most) {
  std::set<Prefix> blocks;
  for (const std::span<const Prefix> part : parts) {
    for (auto prefix = part.begin(); prefix != part.end();) {
      IpAddress last;
      std::optional<IpAddress> next = prefix->address();
      do {
        const Prefix block = *Prefix::Containing(*next, length);
        blocks.insert(block);
        if (blocks.size() > most) return std::nullopt;
        last = block.Last();
        next = last.Next();
      } while (next && prefix->Contains(*next));
      prefix = std::partition_point(prefix, part.end(), [&last](const Prefix& p) { return p.address() <= last; });
    }
  }
  return Outline(blocks.begin(), blocks.end());
}

Outline FinestOutline(const Parts& parts) {
  std::size_t count = 0;
  int longest = 0;
  for (const std::span<const Prefix> part : parts) {
    count += part.size();
    for (const Prefix& prefix : part) longest = std::max(longest, prefix.length());
  }
  const std::size_t most = std::min(count, kMostOutlined);
  Outline finest;
  int length = 0;
  for (int too_long = longest + 1; too_long - length > 1;) {
    const int middle = std::midpoint(length, too_long);
    if (std::optional<Outline> outline = OutlineOf(parts, middle, most)) {
      length = middle;
      finest = *std::move(outline);
    } else {
      too_long = middle;
    }
  }
  const bool spares = length >= 16 || 2 * finest.size() <= std::size_t{1} << length;
  return spares ? finest : Outline();
}

}  // namespace

std::vector<Outline> OutlinesOf(const Program& program, std::span<const StepChain> chains, Place place) {
  std::vector<Outline> outlines;
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    Outline outline = FinestOutline(RemotesOf(program, chains, place, family));
    if (!outline.empty()) outlines.push_back(std::move(outline));
  }
  return outlines;
}

}  // namespace faultline
