#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/kernel/nft_batch.h"
#include "common/packet_filter.h"
#include "common/prefix.h"
#include "common/program/nft_names.h"

namespace faultline {

// What a set's elements are, as nft names and prints them.
enum class NftType {
  kIpv4Address,
  kIpv6Address,
  kEtherType,
  kInetProtocol,
  kInetService,
  kIcmpv6Type,
  kInterfaceName,
};

// A value of a set, of its type's width.
using NftKey = std::vector<std::uint8_t>;

NftKey PortKey(std::uint16_t port);
// REQUIRES: at most 15 characters.
NftKey InterfaceKey(const std::string& name);

// A set of one rule, without a name of its own: the rule refers to it by number, and it goes with
// the rule. `text` is how nft writes it, such as "{ 22, 80 }", for naming operations.
struct NftAnonymousSet {
  std::uint32_t id = 0;
  std::string text;
};

// The operations below add to a batch; nothing else happens.

// An empty set whose elements end by themselves.
void AddTimeoutSet(NftBatch& batch, const TableId& table, const std::string& name, NftType type);

// A set of address ranges with what `prefixes` holds: addresses of one family, sorted and without
// overlap. Prefixes that touch become one range.
void AddPrefixSet(NftBatch& batch, const TableId& table, const std::string& name, std::span<const Prefix> prefixes);
NftAnonymousSet AddAnonymousPrefixSet(NftBatch& batch, const TableId& table, std::span<const Prefix> prefixes);

// A set of ports: sorted, without overlap.
NftAnonymousSet AddAnonymousPortSet(NftBatch& batch, const TableId& table, std::span<const PortRange> ranges);

// A set of single values. `text`: see NftAnonymousSet.
void AddValueSet(NftBatch& batch, const TableId& table, const std::string& name, NftType type,
                 std::span<const NftKey> values);
NftAnonymousSet AddAnonymousSet(NftBatch& batch, const TableId& table, NftType type, std::span<const NftKey> values,
                                std::string text);

// Puts one value into, or takes it out of, an existing set.
void ChangeElement(NftBatch& batch, NftVerb verb, const TableId& table, const std::string& set,
                   std::span<const std::uint8_t> value, std::optional<std::chrono::milliseconds> timeout);

void DeleteSet(NftBatch& batch, const TableId& table, const std::string& name);

}  // namespace faultline
