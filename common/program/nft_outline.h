#pragma once

#include <span>
#include <vector>

#include "common/prefix.h"
#include "common/program/nft_layout.h"

namespace faultline {

// A few prefixes of one length that hold all remote addresses that any rule of a place asks for: a packet of an address
// outside is spared everything else of a base chain, a lookup in a large set above all. Never empty, of one family,
// sorted.
using Outline = std::vector<Prefix>;

// One of each family that has rules at a place, as fine as it can be without more prefixes than the rules' sets have,
// nor more than kMostOutlined. None of a family of which a rule asks for no remote address, or of which more than half
// of all addresses would be inside. Pure; of n prefixes O(n).
std::vector<Outline> OutlinesOf(const Program& program, std::span<const StepChain> chains, Place place);
inline constexpr std::size_t kMostOutlined = 256;

}  // namespace faultline
