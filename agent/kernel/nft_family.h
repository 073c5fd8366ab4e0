#pragma once

#include <cstdint>
#include <string>

namespace faultline {

// Of a table, by its number (NFPROTO_*), as nft writes it: "inet"; "of family 42" of one that is not known.
std::string NftFamilyName(std::uint8_t family);

}  // namespace faultline
