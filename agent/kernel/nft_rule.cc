#include "agent/kernel/nft_rule.h"

#include <linux/if_ether.h>
#include <linux/netfilter/nf_conntrack_common.h>

#include <array>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "agent/kernel/nft_numbers.h"
#include "common/program/lane_priority.h"

namespace faultline {
namespace {

template <typename T>
std::array<std::uint8_t, sizeof(T)> BigEndian(T value) {
  std::array<std::uint8_t, sizeof(T)> bytes;
  for (std::size_t i = 0; i < sizeof(T); ++i) bytes[i] = static_cast<std::uint8_t>(value >> 8 * (sizeof(T) - 1 - i));
  return bytes;
}

// Bits of struct tcphdr's flags.
constexpr std::uint8_t kFin = 0x01;
constexpr std::uint8_t kSyn = 0x02;
constexpr std::uint8_t kRst = 0x04;
constexpr std::uint8_t kAck = 0x10;

// Types of ICMP (RFC 792) and ICMPv6 (RFC 4443).
constexpr std::uint8_t kIcmpUnreachable = 3;
constexpr std::uint8_t kIcmpv6Unreachable = 1;

// As the kernel has it in a register that it only compares with others of its own.
std::array<std::uint8_t, 4> HostEndian(std::uint32_t value) {
  std::array<std::uint8_t, 4> bytes;
  std::memcpy(bytes.data(), &value, sizeof(value));
  return bytes;
}

std::string TextOf(const std::vector<Transport>& transports) {
  const auto append = [](std::string* out, Transport transport) { absl::StrAppend(out, NameOf(transport)); };
  return absl::StrCat("{ ", absl::StrJoin(transports, ", ", append), " }");
}

}  // namespace

NftRuleBuilder::NftRuleBuilder(NftBatch& batch, const TableId& table, const std::string& chain)
    : batch_(batch), table_(table), rule_(nftnl_rule_alloc()) {
  nftnl_rule_set_u32(rule_.get(), NFTNL_RULE_FAMILY, NumberOf(table.family));
  nftnl_rule_set_str(rule_.get(), NFTNL_RULE_TABLE, table.name);
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

void NftRuleBuilder::Compare(std::uint32_t operation, std::span<const std::uint8_t> bytes) {
  NftExpr compare = Expression("cmp");
  Set(compare, NFTNL_EXPR_CMP_SREG, kRegister);
  Set(compare, NFTNL_EXPR_CMP_OP, operation);
  nftnl_expr_set(compare.get(), NFTNL_EXPR_CMP_DATA, bytes.data(), static_cast<std::uint32_t>(bytes.size()));
  Append(std::move(compare));
}

void NftRuleBuilder::Mask(std::span<const std::uint8_t> mask) {
  const auto size = static_cast<std::uint32_t>(mask.size());
  const std::vector<std::uint8_t> zero(size, 0);
  NftExpr bitwise = Expression("bitwise");
  Set(bitwise, NFTNL_EXPR_BITWISE_SREG, kRegister);
  Set(bitwise, NFTNL_EXPR_BITWISE_DREG, kRegister);
  Set(bitwise, NFTNL_EXPR_BITWISE_LEN, size);
  nftnl_expr_set(bitwise.get(), NFTNL_EXPR_BITWISE_MASK, mask.data(), size);
  nftnl_expr_set(bitwise.get(), NFTNL_EXPR_BITWISE_XOR, zero.data(), size);
  Append(std::move(bitwise));
}

void NftRuleBuilder::Lookup(const char* set, std::uint32_t id, Sense sense) {
  NftExpr lookup = Expression("lookup");
  Set(lookup, NFTNL_EXPR_LOOKUP_SREG, kRegister);
  nftnl_expr_set_str(lookup.get(), NFTNL_EXPR_LOOKUP_SET, set);
  if (id != 0) Set(lookup, NFTNL_EXPR_LOOKUP_SET_ID, id);
  if (sense == Sense::kNotIn) Set(lookup, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
  Append(std::move(lookup));
}

void NftRuleBuilder::Lookup(const NftAnonymousSet& set, Sense sense) {
  Word(absl::StrCat(Not(sense), set.text));
  Lookup(kAnonymousSetName, set.id, sense);
}

// As nft does it in a table of the family.
void NftRuleBuilder::RequireFamily(Family family) {
  if (family_known_) return;
  family_known_ = true;
  const bool v4 = family == Family::kIpv4;
  if (table_.family == NftFamily::kInet) {
    const std::uint8_t number = v4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
    Load(NFT_META_NFPROTO);
    Compare(NFT_CMP_EQ, {&number, 1});
  } else {
    Load(NFT_META_PROTOCOL);
    Compare(NFT_CMP_EQ, BigEndian<std::uint16_t>(v4 ? ETH_P_IP : ETH_P_IPV6));
  }
}

void NftRuleBuilder::RequireTransport(Transport transport) {
  if (transport_known_) return;
  transport_known_ = true;
  const auto number = static_cast<std::uint8_t>(transport);
  Load(NFT_META_L4PROTO);
  Compare(NFT_CMP_EQ, {&number, 1});
}

void NftRuleBuilder::LoadTcpFlags(std::uint8_t mask) {
  RequireTransport(Transport::kTcp);
  LoadPayload(NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1);
  Mask({&mask, 1});
}

void NftRuleBuilder::BeginAddress(End end, Family family) {
  BeginAddress(end, family, family == Family::kIpv4 ? 4 : 16);
}

void NftRuleBuilder::BeginAddress(End end, Family family, std::size_t bytes) {
  const bool v4 = family == Family::kIpv4;
  const bool source = end == End::kSource;
  Word(v4 ? "ip" : "ip6");
  Word(source ? "saddr" : "daddr");
  RequireFamily(family);
  // Where struct iphdr and struct ipv6hdr have the addresses.
  const std::uint32_t offset = v4 ? (source ? 12 : 16) : (source ? 8 : 24);
  LoadPayload(NFT_PAYLOAD_NETWORK_HEADER, offset, static_cast<std::uint32_t>(bytes));
}

NftRuleBuilder& NftRuleBuilder::EtherTypeInSet(const std::string& set) {
  Word(absl::StrCat("meta protocol @", set));
  Load(NFT_META_PROTOCOL);
  Lookup(set.c_str(), 0, Sense::kIn);
  return *this;
}

NftRuleBuilder& NftRuleBuilder::InterfaceInSet(Direction direction, const std::string& set, Sense sense) {
  const bool in = direction == Direction::kIngress;
  Word(absl::StrCat(in ? "iifname " : "oifname ", Not(sense), "@", set));
  Load(in ? NFT_META_IIFNAME : NFT_META_OIFNAME);
  Lookup(set.c_str(), 0, sense);
  return *this;
}

NftRuleBuilder& NftRuleBuilder::InterfaceIn(Direction direction, const std::vector<std::string>& names, Sense sense) {
  const bool in = direction == Direction::kIngress;
  Word(in ? "iifname" : "oifname");
  Load(in ? NFT_META_IIFNAME : NFT_META_OIFNAME);
  if (names.size() == 1) {
    Word(absl::StrCat(Not(sense), "\"", names.front(), "\""));
    Compare(sense == Sense::kIn ? NFT_CMP_EQ : NFT_CMP_NEQ, InterfaceKey(names.front()));
    return *this;
  }
  std::vector<NftKey> values;
  for (const std::string& name : names) values.push_back(InterfaceKey(name));
  const std::string text = absl::StrCat("{ \"", absl::StrJoin(names, "\", \""), "\" }");
  Lookup(AddAnonymousSet(batch_, table_, NftType::kInterfaceName, values, text), sense);
  return *this;
}

NftRuleBuilder& NftRuleBuilder::AddressInSet(End end, Family family, const std::string& set, Sense sense) {
  BeginAddress(end, family);
  Word(absl::StrCat(Not(sense), "@", set));
  Lookup(set.c_str(), 0, sense);
  return *this;
}

NftRuleBuilder& NftRuleBuilder::AddressIn(End end, Family family, std::span<const Prefix> prefixes) {
  BeginAddress(end, family);
  Lookup(AddAnonymousPrefixSet(batch_, table_, prefixes));
  return *this;
}

// As nft does it: no mask is needed where whole bytes are compared.
void NftRuleBuilder::OutsideOne(End end, const Prefix& prefix) {
  const IpAddress& address = prefix.address();
  const bool masked = prefix.length() % 8 != 0;
  const auto compared = static_cast<std::size_t>(masked ? address.bits() : prefix.length()) / 8;
  BeginAddress(end, prefix.family(), compared);
  if (masked) Mask(prefix.Mask().bytes());
  Word(absl::StrCat("!= ", prefix.length() == address.bits() ? address.ToString() : prefix.ToString()));
  Compare(NFT_CMP_NEQ, address.bytes().first(compared));
}

NftRuleBuilder& NftRuleBuilder::AddressOutside(End end, const Outline& outline) {
  const Prefix& first = outline.front();
  if (outline.size() == 1) {
    OutsideOne(end, first);
    return *this;
  }
  BeginAddress(end, first.family());
  if (first.length() < first.address().bits()) {
    Word(absl::StrCat("& ", first.Mask().ToString()));
    Mask(first.Mask().bytes());
  }
  std::vector<NftKey> values;
  std::vector<std::string> texts;
  for (const Prefix& prefix : outline) {
    values.emplace_back(prefix.address().bytes().begin(), prefix.address().bytes().end());
    texts.push_back(prefix.address().ToString());
  }
  const NftType type = first.family() == Family::kIpv4 ? NftType::kIpv4Address : NftType::kIpv6Address;
  const std::string text = absl::StrCat("{ ", absl::StrJoin(texts, ", "), " }");
  Lookup(AddAnonymousSet(batch_, table_, type, values, text), Sense::kNotIn);
  return *this;
}

NftRuleBuilder& NftRuleBuilder::AddressIs(End end, const IpAddress& address) {
  BeginAddress(end, address.family());
  Word(address.ToString());
  Compare(NFT_CMP_EQ, address.bytes());
  return *this;
}

NftRuleBuilder& NftRuleBuilder::DscpIs(Family family, std::uint8_t value) {
  Word(absl::StrFormat("%s dscp 0x%02x", family == Family::kIpv4 ? "ip" : "ip6", value));
  RequireFamily(family);
  if (family == Family::kIpv4) {
    // The upper six bits of the second byte.
    LoadPayload(NFT_PAYLOAD_NETWORK_HEADER, 1, 1);
    Mask(BigEndian<std::uint8_t>(0xfc));
    Compare(NFT_CMP_EQ, BigEndian<std::uint8_t>(static_cast<std::uint8_t>(value << 2)));
  } else {
    // After the four bits of the version.
    LoadPayload(NFT_PAYLOAD_NETWORK_HEADER, 0, 2);
    Mask(BigEndian<std::uint16_t>(0x0fc0));
    Compare(NFT_CMP_EQ, BigEndian<std::uint16_t>(static_cast<std::uint16_t>(value << 6)));
  }
  return *this;
}

NftRuleBuilder& NftRuleBuilder::TransportIn(const TransportSet& set) {
  if (transport_known_) return *this;
  transport_known_ = true;
  Word("meta l4proto");
  Load(NFT_META_L4PROTO);
  if (set.transports.size() == 1) {
    const auto number = static_cast<std::uint8_t>(set.transports.front());
    Word(absl::StrCat(Not(set.sense), NameOf(set.transports.front())));
    Compare(set.sense == Sense::kIn ? NFT_CMP_EQ : NFT_CMP_NEQ, {&number, 1});
    return *this;
  }
  std::vector<NftKey> values;
  for (const Transport transport : set.transports) values.push_back({static_cast<std::uint8_t>(transport)});
  Lookup(AddAnonymousSet(batch_, table_, NftType::kInetProtocol, values, TextOf(set.transports)), set.sense);
  return *this;
}

NftRuleBuilder& NftRuleBuilder::PortIn(const TransportSet& protocols, End end, std::span<const PortRange> ranges) {
  const bool one = protocols.transports.size() == 1;
  if (!one) TransportIn(protocols);
  Word(one ? NameOf(protocols.transports.front()) : "th");
  Word(end == End::kSource ? "sport" : "dport");
  if (one) RequireTransport(protocols.transports.front());
  LoadPayload(NFT_PAYLOAD_TRANSPORT_HEADER, end == End::kSource ? 0 : 2, 2);
  const PortRange& first = ranges.front();
  if (ranges.size() > 1) {
    Lookup(AddAnonymousPortSet(batch_, table_, ranges));
  } else if (first.first == first.last) {
    Word(absl::StrCat(first.first));
    Compare(NFT_CMP_EQ, PortKey(first.first));
  } else {
    Word(FormatPortRange(first));
    Compare(NFT_CMP_GTE, PortKey(first.first));
    Compare(NFT_CMP_LTE, PortKey(first.last));
  }
  return *this;
}

NftRuleBuilder& NftRuleBuilder::Icmpv6TypeIn(std::span<const std::uint8_t> types, std::string text) {
  Word("icmpv6 type");
  RequireFamily(Family::kIpv6);
  RequireTransport(Transport::kIcmpv6);
  LoadPayload(NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1);
  std::vector<NftKey> values;
  for (const std::uint8_t type : types) values.push_back({type});
  Lookup(AddAnonymousSet(batch_, table_, NftType::kIcmpv6Type, values, std::move(text)));
  return *this;
}

NftRuleBuilder& NftRuleBuilder::OpensTcp(bool opens) {
  Word(absl::StrCat("tcp flags ", opens ? "" : "!= ", "syn / fin,syn,rst,ack"));
  LoadTcpFlags(kFin | kSyn | kRst | kAck);
  Compare(opens ? NFT_CMP_EQ : NFT_CMP_NEQ, BigEndian(kSyn));
  return *this;
}

NftRuleBuilder& NftRuleBuilder::ResetsTcp() {
  Word("tcp flags rst");
  LoadTcpFlags(kRst);
  Compare(NFT_CMP_NEQ, BigEndian(std::uint8_t{0}));
  return *this;
}

NftRuleBuilder& NftRuleBuilder::SaysUnreachable(Family family) {
  const bool v4 = family == Family::kIpv4;
  Word(absl::StrCat(v4 ? "icmp" : "icmpv6", " type destination-unreachable"));
  RequireFamily(family);
  RequireTransport(v4 ? Transport::kIcmp : Transport::kIcmpv6);
  LoadPayload(NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1);
  Compare(NFT_CMP_EQ, BigEndian(v4 ? kIcmpUnreachable : kIcmpv6Unreachable));
  return *this;
}

NftRuleBuilder& NftRuleBuilder::ConnectionIsNew(bool is_new) {
  Word(is_new ? "ct state new" : "ct state != new");
  NftExpr ct = Expression("ct");
  Set(ct, NFTNL_EXPR_CT_KEY, NFT_CT_STATE);
  Set(ct, NFTNL_EXPR_CT_DREG, kRegister);
  Append(std::move(ct));
  constexpr std::uint32_t kNewBit = NF_CT_STATE_BIT(IP_CT_NEW);
  // As nft writes the two.
  if (is_new) Mask(HostEndian(kNewBit));
  Compare(NFT_CMP_NEQ, HostEndian(is_new ? 0 : kNewBit));
  return *this;
}

NftRuleBuilder& NftRuleBuilder::Random(Ratio share) {
  Word(absl::StrCat("numgen random mod ", Ratio::kOne, " < ", share.parts_per_billion()));
  NftExpr number = Expression("numgen");
  Set(number, NFTNL_EXPR_NG_DREG, kRegister);
  Set(number, NFTNL_EXPR_NG_MODULUS, Ratio::kOne);
  Set(number, NFTNL_EXPR_NG_TYPE, NFT_NG_RANDOM);
  Append(std::move(number));
  // Registers are compared byte by byte.
  NftExpr order = Expression("byteorder");
  Set(order, NFTNL_EXPR_BYTEORDER_SREG, kRegister);
  Set(order, NFTNL_EXPR_BYTEORDER_DREG, kRegister);
  Set(order, NFTNL_EXPR_BYTEORDER_OP, NFT_BYTEORDER_HTON);
  Set(order, NFTNL_EXPR_BYTEORDER_LEN, sizeof(std::uint32_t));
  Set(order, NFTNL_EXPR_BYTEORDER_SIZE, sizeof(std::uint32_t));
  Append(std::move(order));
  Compare(NFT_CMP_LT, BigEndian(share.parts_per_billion()));
  return *this;
}

NftRuleBuilder& NftRuleBuilder::PriorityIsOfLane() {
  Word(absl::StrFormat("meta priority & %x:0 == %x:0", kLanePriorityMask >> 16, kLanePriorities >> 16));
  Load(NFT_META_PRIORITY);
  Mask(HostEndian(kLanePriorityMask));
  Compare(NFT_CMP_EQ, HostEndian(kLanePriorities));
  return *this;
}

}  // namespace faultline
