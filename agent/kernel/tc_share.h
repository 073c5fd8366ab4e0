#pragma once

#include <cstdint>

#include "common/ratio.h"

namespace faultline {

// Shares as netem has them: numbers that it compares with random ones of 32 bits (sch_netem.c). Pure.

// For "happens when this is not 0 and >= random" (loss, duplicate, corrupt, reorder): 0 is never, the largest is
// always, what lies between is exact to one part in 2^32. The same number as a correlation, of which netem makes (it +
// 1) / 2^32.
std::uint32_t NetemShare(Ratio ratio);

// For "happens when random is less than this" (the chances of the Gilbert-Elliott model): 100 % is short by 2^-32.
std::uint32_t NetemChance(Ratio ratio);

// The share to ask netem for, so that in the long run just `ratio` of all packets are hit when its random numbers are
// correlated. netem mixes each with the one before, which draws them together about a half: of a plain 1 % at a
// correlation of 25 %, 0.4 % would be left. At 100 % the number never changes, and all packets or none are hit.
std::uint32_t CorrelatedNetemShare(Ratio ratio, Ratio correlation);

}  // namespace faultline
