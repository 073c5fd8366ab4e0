#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/kernel/nft_batch.h"
#include "common/prefix.h"

namespace faultline {

// What a set's elements are, as nft names and prints them.
enum class NftType { kIpv4Address, kIpv6Address, kEtherType, kInetService, kIcmpv6Type };

// A set of one rule, without a name of its own: the rule refers to it by number, and it goes with
// the rule. `text` is how nft writes it, such as "{ 22, 80 }", for naming operations.
struct NftAnonymousSet {
  std::uint32_t id = 0;
  std::string text;
};

// The operations below add to a batch; nothing else happens.

// An empty set whose elements end by themselves.
void AddTimeoutSet(NftBatch& batch, const std::string& name, NftType type);

// A set of address ranges with what `prefixes` holds: addresses of one family, sorted and without
// overlap. Prefixes that touch become one range.
void AddPrefixSet(NftBatch& batch, const std::string& name, std::span<const Prefix> prefixes);
NftAnonymousSet AddAnonymousPrefixSet(NftBatch& batch, std::span<const Prefix> prefixes);

// A set of single values, each of the type's width. `text`: see NftAnonymousSet.
NftAnonymousSet AddAnonymousSet(NftBatch& batch, NftType type, std::span<const std::vector<std::uint8_t>> values,
                                std::string text);

// Puts one value into, or takes it out of, an existing set.
void ChangeElement(NftBatch& batch, NftVerb verb, const std::string& set, std::span<const std::uint8_t> value,
                   std::optional<std::chrono::milliseconds> timeout);

void DeleteSet(NftBatch& batch, const std::string& name);

}  // namespace faultline
