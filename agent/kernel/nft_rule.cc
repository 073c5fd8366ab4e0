#include "agent/kernel/nft_rule.h"

#include <linux/if_ether.h>

#include <array>

#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

// Every value goes through this one register.
constexpr std::uint32_t kRegister = NFT_REG_1;

NftExpr Expression(const char* name) { return NftExpr(nftnl_expr_alloc(name)); }

void Set(const NftExpr& expression, std::uint16_t attribute, std::uint32_t value) {
  nftnl_expr_set_u32(expression.get(), attribute, value);
}

std::array<std::uint8_t, 2> BigEndian(std::uint16_t value) {
  return {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

absl::string_view TransportName(Transport transport) { return transport == Transport::kTcp ? "tcp" : "udp"; }

}  // namespace

NftRuleBuilder::NftRuleBuilder(const std::string& chain, const char* table) : rule_(nftnl_rule_alloc()) {
  nftnl_rule_set_u32(rule_.get(), NFTNL_RULE_FAMILY, NFPROTO_NETDEV);
  nftnl_rule_set_str(rule_.get(), NFTNL_RULE_TABLE, table);
  nftnl_rule_set_str(rule_.get(), NFTNL_RULE_CHAIN, chain.c_str());
}

void NftRuleBuilder::Append(NftExpr expression) { nftnl_rule_add_expr(rule_.get(), expression.release()); }

void NftRuleBuilder::Word(absl::string_view word) { absl::StrAppend(&text_, text_.empty() ? "" : " ", word); }

void NftRuleBuilder::Load(std::uint32_t meta_key) {
  NftExpr meta = Expression("meta");
  Set(meta, NFTNL_EXPR_META_KEY, meta_key);
  Set(meta, NFTNL_EXPR_META_DREG, kRegister);
  Append(std::move(meta));
}

void NftRuleBuilder::LoadPayload(std::uint32_t base, std::uint32_t offset, std::uint32_t length) {
  NftExpr payload = Expression("payload");
  Set(payload, NFTNL_EXPR_PAYLOAD_DREG, kRegister);
  Set(payload, NFTNL_EXPR_PAYLOAD_BASE, base);
  Set(payload, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
  Set(payload, NFTNL_EXPR_PAYLOAD_LEN, length);
  Append(std::move(payload));
}

void NftRuleBuilder::Compare(std::span<const std::uint8_t> bytes) {
  NftExpr compare = Expression("cmp");
  Set(compare, NFTNL_EXPR_CMP_SREG, kRegister);
  Set(compare, NFTNL_EXPR_CMP_OP, NFT_CMP_EQ);
  nftnl_expr_set(compare.get(), NFTNL_EXPR_CMP_DATA, bytes.data(), static_cast<std::uint32_t>(bytes.size()));
  Append(std::move(compare));
}

void NftRuleBuilder::Lookup(const char* set, std::uint32_t id, Sense sense) {
  NftExpr lookup = Expression("lookup");
  Set(lookup, NFTNL_EXPR_LOOKUP_SREG, kRegister);
  nftnl_expr_set_str(lookup.get(), NFTNL_EXPR_LOOKUP_SET, set);
  if (id != 0) Set(lookup, NFTNL_EXPR_LOOKUP_SET_ID, id);
  if (sense == Sense::kNotIn) Set(lookup, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
  Append(std::move(lookup));
}

void NftRuleBuilder::Verdict(std::uint32_t verdict, const char* chain) {
  NftExpr immediate = Expression("immediate");
  Set(immediate, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
  Set(immediate, NFTNL_EXPR_IMM_VERDICT, verdict);
  if (chain != nullptr) nftnl_expr_set_str(immediate.get(), NFTNL_EXPR_IMM_CHAIN, chain);
  Append(std::move(immediate));
}

void NftRuleBuilder::RequireFamily(Family family) {
  if (family_known_) return;
  family_known_ = true;
  Load(NFT_META_PROTOCOL);
  Compare(BigEndian(family == Family::kIpv4 ? ETH_P_IP : ETH_P_IPV6));
}

void NftRuleBuilder::RequireTransport(std::uint8_t protocol) {
  Load(NFT_META_L4PROTO);
  Compare({&protocol, 1});
}

void NftRuleBuilder::BeginAddress(End end, Family family) {
  const bool v4 = family == Family::kIpv4;
  const bool source = end == End::kSource;
  Word(v4 ? "ip" : "ip6");
  Word(source ? "saddr" : "daddr");
  RequireFamily(family);
  // Where struct iphdr and struct ipv6hdr have the addresses.
  const std::uint32_t offset = v4 ? (source ? 12 : 16) : (source ? 8 : 24);
  LoadPayload(NFT_PAYLOAD_NETWORK_HEADER, offset, v4 ? 4 : 16);
}

void NftRuleBuilder::BeginPort(Transport transport, End end) {
  Word(TransportName(transport));
  Word(end == End::kSource ? "sport" : "dport");
  RequireTransport(static_cast<std::uint8_t>(transport));
  LoadPayload(NFT_PAYLOAD_TRANSPORT_HEADER, end == End::kSource ? 0 : 2, 2);
}

NftRuleBuilder& NftRuleBuilder::ProtocolInSet(const std::string& set) {
  Word(absl::StrCat("meta protocol @", set));
  Load(NFT_META_PROTOCOL);
  Lookup(set.c_str(), 0, Sense::kIn);
  return *this;
}

NftRuleBuilder& NftRuleBuilder::AddressInSet(End end, Family family, const std::string& set, Sense sense) {
  BeginAddress(end, family);
  Word(absl::StrCat(sense == Sense::kNotIn ? "!= @" : "@", set));
  Lookup(set.c_str(), 0, sense);
  return *this;
}

NftRuleBuilder& NftRuleBuilder::AddressInSet(End end, Family family, const NftAnonymousSet& set) {
  BeginAddress(end, family);
  Word(set.text);
  Lookup(kAnonymousSetName, set.id, Sense::kIn);
  return *this;
}

NftRuleBuilder& NftRuleBuilder::AddressIs(End end, const IpAddress& address) {
  BeginAddress(end, address.family());
  Word(address.ToString());
  Compare(address.bytes());
  return *this;
}

NftRuleBuilder& NftRuleBuilder::PortIs(Transport transport, End end, std::uint16_t port) {
  BeginPort(transport, end);
  Word(absl::StrCat(port));
  Compare(BigEndian(port));
  return *this;
}

NftRuleBuilder& NftRuleBuilder::PortInSet(Transport transport, End end, const NftAnonymousSet& set) {
  BeginPort(transport, end);
  Word(set.text);
  Lookup(kAnonymousSetName, set.id, Sense::kIn);
  return *this;
}

NftRuleBuilder& NftRuleBuilder::Icmpv6TypeInSet(const NftAnonymousSet& set) {
  Word("icmpv6 type");
  Word(set.text);
  RequireFamily(Family::kIpv6);
  RequireTransport(IPPROTO_ICMPV6);
  LoadPayload(NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1);
  Lookup(kAnonymousSetName, set.id, Sense::kIn);
  return *this;
}

NftRuleBuilder& NftRuleBuilder::Counter() {
  Word("counter");
  NftExpr counter = Expression("counter");
  nftnl_expr_set_u64(counter.get(), NFTNL_EXPR_CTR_PACKETS, 0);
  nftnl_expr_set_u64(counter.get(), NFTNL_EXPR_CTR_BYTES, 0);
  Append(std::move(counter));
  return *this;
}

NftRuleBuilder& NftRuleBuilder::Return() {
  Word("return");
  Verdict(static_cast<std::uint32_t>(NFT_RETURN), nullptr);
  return *this;
}

NftRuleBuilder& NftRuleBuilder::Drop() {
  Word("drop");
  Verdict(NF_DROP, nullptr);
  return *this;
}

NftRuleBuilder& NftRuleBuilder::Jump(const std::string& chain) {
  Word(absl::StrCat("jump ", chain));
  Verdict(static_cast<std::uint32_t>(NFT_JUMP), chain.c_str());
  return *this;
}

NftRuleBuilder& NftRuleBuilder::ForwardTo(std::uint32_t interface_index) {
  Word(absl::StrCat("fwd to interface ", interface_index));
  NftExpr immediate = Expression("immediate");
  Set(immediate, NFTNL_EXPR_IMM_DREG, kRegister);
  nftnl_expr_set(immediate.get(), NFTNL_EXPR_IMM_DATA, &interface_index, sizeof(interface_index));
  Append(std::move(immediate));
  NftExpr forward = Expression("fwd");
  Set(forward, NFTNL_EXPR_FWD_SREG_DEV, kRegister);
  Append(std::move(forward));
  return *this;
}

void NftRuleBuilder::Add(NftBatch& batch) { batch.Rule(NftVerb::kAdd, *rule_, text_); }

}  // namespace faultline
