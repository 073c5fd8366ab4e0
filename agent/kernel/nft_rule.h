#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "agent/kernel/lane.h"
#include "agent/kernel/nft_batch.h"
#include "agent/kernel/nft_object.h"
#include "agent/kernel/nft_set.h"
#include "common/packet_filter.h"
#include "common/prefix.h"
#include "common/program/nft_names.h"
#include "common/program/nft_outline.h"
#include "common/program/nft_variants.h"
#include "common/ratio.h"

namespace faultline {

// Builds a rule word by word, in the order nft writes it, and with it nft's text for it:
//   NftRuleBuilder(batch, kTable, chain).AddressIs(End::kSource, address).Counter().Drop().Add();
// Conditions that a word implies (the packet is IPv4, or TCP) come with it once. Sets that a word needs are added to
// the batch at once, the rule by Add().
//
// What a packet's bytes would have to say is a condition that does not hold when it has no such bytes: a fragment after
// the first has no ports, flags or types.
class NftRuleBuilder {
 public:
  NftRuleBuilder(NftBatch& batch, const TableId& table, const std::string& chain);

  // Conditions.
  NftRuleBuilder& EtherTypeInSet(const std::string& set);
  // By which it came in, or goes out; a named set, or any of `names`.
  NftRuleBuilder& InterfaceInSet(Direction direction, const std::string& set, Sense sense);
  NftRuleBuilder& InterfaceIn(Direction direction, const std::vector<std::string>& names, Sense sense);
  NftRuleBuilder& AddressInSet(End end, Family family, const std::string& set, Sense sense);
  NftRuleBuilder& AddressIn(End end, Family family, std::span<const Prefix> prefixes);
  NftRuleBuilder& AddressOutside(End end, const Outline& outline);
  NftRuleBuilder& AddressIs(End end, const IpAddress& address);
  NftRuleBuilder& DscpIs(Family family, std::uint8_t value);
  // REQUIRES: the set is not empty.
  NftRuleBuilder& TransportIn(const TransportSet& set);
  // REQUIRES: all of `protocols` have ports; after TransportIn, the same.
  NftRuleBuilder& PortIn(const TransportSet& protocols, End end, std::span<const PortRange> ranges);
  NftRuleBuilder& Icmpv6TypeIn(std::span<const std::uint8_t> types, std::string text);
  // Whether a TCP packet would open a connection.
  NftRuleBuilder& OpensTcp(bool opens);
  // What refuses a packet: a TCP reset, or ICMP of the family "destination unreachable".
  NftRuleBuilder& ResetsTcp();
  NftRuleBuilder& SaysUnreachable(Family family);
  // By connection tracking, which the kernel turns on for the whole namespace when the rule is added.
  NftRuleBuilder& ConnectionIsNew(bool is_new);
  // Drawn for each packet.
  NftRuleBuilder& Random(Ratio share);
  // Whether its priority is that of a lane.
  NftRuleBuilder& PriorityIsOfLane();

  // Actions; the last one must be a verdict.
  NftRuleBuilder& Counter();
  NftRuleBuilder& Return();
  // Lets the packet pass the hook.
  NftRuleBuilder& Accept();
  NftRuleBuilder& Drop();
  // With a TCP reset, after TransportIn; or with ICMP or ICMPv6 "administratively prohibited".
  NftRuleBuilder& RejectByReset();
  NftRuleBuilder& RejectByIcmp();
  NftRuleBuilder& Jump(const std::string& chain);
  // Without coming back.
  NftRuleBuilder& Goto(const std::string& chain);
  // Takes the packet away and sends it through another device.
  NftRuleBuilder& ForwardTo(const Lane& lane);

  // Gives it the lane's priority, for clsact to send it through the lane, and lets it pass the hook.
  NftRuleBuilder& LeaveFor(const Lane& lane);

  // Puts the rule at the end of its chain.
  void Add();

 private:
  // Every value goes through this one register.
  static constexpr std::uint32_t kRegister = NFT_REG_1;

  void Word(absl::string_view word);
  void Load(std::uint32_t meta_key);
  void LoadPayload(std::uint32_t base, std::uint32_t offset, std::uint32_t length);
  void Compare(std::uint32_t operation, std::span<const std::uint8_t> bytes);
  void Mask(std::span<const std::uint8_t> mask);
  void Lookup(const char* set, std::uint32_t id, Sense sense);
  void Lookup(const NftAnonymousSet& set, Sense sense = Sense::kIn);
  void Verdict(std::uint32_t verdict, const char* chain);
  void Reject(std::uint32_t type, std::uint8_t code);
  // The words before an address, their conditions and the load, of all of it or of its first bytes.
  void BeginAddress(End end, Family family);
  void BeginAddress(End end, Family family, std::size_t bytes);
  void OutsideOne(End end, const Prefix& prefix);
  void RequireFamily(Family family);
  void RequireTransport(Transport transport);
  void LoadTcpFlags(std::uint8_t mask);
  void Append(NftExpr expression);

  NftBatch& batch_;
  const TableId table_;
  NftRule rule_;
  std::string text_;
  bool family_known_ = false;
  bool transport_known_ = false;
};

}  // namespace faultline
