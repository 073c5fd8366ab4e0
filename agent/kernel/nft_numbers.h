#pragma once

#include <cstdint>

#include "common/program/nft_names.h"
#include "common/program/nft_place.h"

namespace faultline {

// The kernel's numbers: NFPROTO_ of a table's family, NF_ of a hook.
std::uint16_t NumberOf(NftFamily family);
std::uint32_t NumberOf(Hook hook);

}  // namespace faultline
