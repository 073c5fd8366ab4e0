#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "agent/kernel/nft_batch.h"
#include "agent/kernel/nft_names.h"
#include "agent/kernel/nft_object.h"
#include "agent/kernel/nft_set.h"
#include "common/prefix.h"

namespace faultline {

// One end of a packet.
enum class End { kSource, kDestination };
enum class Transport : std::uint8_t { kTcp = 6, kUdp = 17 };
enum class Sense { kIn, kNotIn };

// Builds a rule word by word, in the order nft writes it, and with it nft's text for it:
//   NftRuleBuilder(chain).AddressIs(End::kSource, address).Counter().Drop().Add(batch);
// Conditions that a word implies (the packet is IPv4) come with it once.
class NftRuleBuilder {
 public:
  explicit NftRuleBuilder(const std::string& chain, const char* table = kTableName);

  // Conditions.
  NftRuleBuilder& ProtocolInSet(const std::string& set);
  NftRuleBuilder& AddressInSet(End end, Family family, const std::string& set, Sense sense);
  NftRuleBuilder& AddressInSet(End end, Family family, const NftAnonymousSet& set);
  NftRuleBuilder& AddressIs(End end, const IpAddress& address);
  NftRuleBuilder& PortIs(Transport transport, End end, std::uint16_t port);
  NftRuleBuilder& PortInSet(Transport transport, End end, const NftAnonymousSet& set);
  NftRuleBuilder& Icmpv6TypeInSet(const NftAnonymousSet& set);

  // Actions; the last one must be a verdict.
  NftRuleBuilder& Counter();
  NftRuleBuilder& Return();
  NftRuleBuilder& Drop();
  NftRuleBuilder& Jump(const std::string& chain);
  // Takes the packet away and sends it through another device.
  NftRuleBuilder& ForwardTo(std::uint32_t interface_index);

  // Puts the rule at the end of its chain.
  void Add(NftBatch& batch);

 private:
  void Word(absl::string_view word);
  void Load(std::uint32_t meta_key);
  void LoadPayload(std::uint32_t base, std::uint32_t offset, std::uint32_t length);
  void Compare(std::span<const std::uint8_t> bytes);
  void Lookup(const char* set, std::uint32_t id, Sense sense);
  void Verdict(std::uint32_t verdict, const char* chain);
  // The words before an address or a port, their conditions and the load.
  void BeginAddress(End end, Family family);
  void BeginPort(Transport transport, End end);
  void RequireFamily(Family family);
  void RequireTransport(std::uint8_t protocol);
  void Append(NftExpr expression);

  NftRule rule_;
  std::string text_;
  bool family_known_ = false;
};

}  // namespace faultline
