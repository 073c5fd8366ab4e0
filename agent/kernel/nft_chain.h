#pragma once

#include <span>
#include <string>

#include "agent/kernel/nft_batch.h"
#include "common/program/nft_names.h"
#include "common/program/nft_place.h"

namespace faultline {

// Tables and chains, as operations added to a batch; nothing else happens.

// With `owned` it goes when the socket that made it is closed.
void AddTable(NftBatch& batch, NftVerb verb, const TableId& table, bool owned);

// A chain that packets reach only by a jump.
void AddChain(NftBatch& batch, NftVerb verb, const TableId& table, const std::string& name);

// A chain that every packet that comes by `place` comes through, and that accepts. `devices`: whose packets, at a place
// of the netdev family; at others it is those of every device.
// REQUIRES: the table is of the place's family.
void AddBaseChain(NftBatch& batch, const TableId& table, const std::string& name, Place place,
                  std::span<const std::string> devices);

// Empties a chain.
void DeleteRules(NftBatch& batch, const TableId& table, const std::string& chain);

}  // namespace faultline
