#include "agent/kernel/nft_chain.h"

#include <vector>

#include "agent/kernel/nft_numbers.h"
#include "agent/kernel/nft_object.h"

namespace faultline {
namespace {

NftChain ChainReference(const TableId& table, const std::string& name) {
  NftChain chain(nftnl_chain_alloc());
  nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_FAMILY, NumberOf(table.family));
  nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TABLE, table.name);
  nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_NAME, name.c_str());
  return chain;
}

}  // namespace

void AddTable(NftBatch& batch, NftVerb verb, const TableId& table, bool owned) {
  NftTable object(nftnl_table_alloc());
  nftnl_table_set_u32(object.get(), NFTNL_TABLE_FAMILY, NumberOf(table.family));
  nftnl_table_set_str(object.get(), NFTNL_TABLE_NAME, table.name);
  if (verb != NftVerb::kDelete) {
    nftnl_table_set_u32(object.get(), NFTNL_TABLE_FLAGS, owned ? NFT_TABLE_F_OWNER : 0);
  }
  batch.Table(verb, *object);
}

void AddChain(NftBatch& batch, NftVerb verb, const TableId& table, const std::string& name) {
  batch.Chain(verb, *ChainReference(table, name));
}

void AddBaseChain(NftBatch& batch, const TableId& table, const std::string& name, Place place,
                  std::span<const std::string> devices) {
  const PlaceInfo& info = InfoOf(place);
  const NftChain chain = ChainReference(table, name);
  nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TYPE, "filter");
  nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_HOOKNUM, NumberOf(info.hook));
  nftnl_chain_set_s32(chain.get(), NFTNL_CHAIN_PRIO, info.priority);
  nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_POLICY, NF_ACCEPT);
  std::vector<const char*> names;
  for (const std::string& device : devices) names.push_back(device.c_str());
  names.push_back(nullptr);
  if (info.family == NftFamily::kNetdev) nftnl_chain_set_array(chain.get(), NFTNL_CHAIN_DEVICES, names.data());
  batch.Chain(NftVerb::kCreate, *chain);
}

void DeleteRules(NftBatch& batch, const TableId& table, const std::string& chain) {
  const NftRule rule(nftnl_rule_alloc());
  nftnl_rule_set_u32(rule.get(), NFTNL_RULE_FAMILY, NumberOf(table.family));
  nftnl_rule_set_str(rule.get(), NFTNL_RULE_TABLE, table.name);
  nftnl_rule_set_str(rule.get(), NFTNL_RULE_CHAIN, chain.c_str());
  batch.DeleteRules(*rule);
}

}  // namespace faultline
