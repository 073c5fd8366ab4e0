#pragma once

#include <set>
#include <span>
#include <tuple>

#include "common/program/nft_layout.h"

namespace faultline {

// A part of a prefix set in a table.
using SetPart = std::tuple<NftFamily, SetIndex, Family>;

// All that the rules of a program's chains name.
std::set<SetPart> UsedSets(const Program& program, std::span<const StepChain> chains);

// The prefixes of one family: a set holds them one family after the other.
std::span<const Prefix> PartOf(const PrefixSet& set, Family family);

}  // namespace faultline
