#include "agent/kernel/picture_reader.h"

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <initializer_list>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "agent/kernel/egress_detour.h"
#include "agent/kernel/link_table.h"
#include "agent/kernel/nft_family.h"
#include "agent/kernel/nft_numbers.h"
#include "agent/kernel/nft_object.h"
#include "common/status.h"

namespace faultline {
namespace {

using Bytes = std::span<const std::uint8_t>;

// Attributes by their type, as far as any is looked at; absent ones are empty.
class Attributes {
 public:
  explicit Attributes(Bytes bytes) {
    ForEach(bytes, [this](std::uint16_t type, Bytes payload) {
      if (type < found_.size()) found_[type] = payload;
    });
  }

  // Of those that are whole, in their order.
  template <typename Visit>
  static void ForEach(Bytes bytes, Visit visit) {
    const auto* attribute = reinterpret_cast<const nlattr*>(bytes.data());
    auto left = static_cast<int>(bytes.size());
    while (mnl_attr_ok(attribute, left)) {
      const auto* payload = static_cast<const std::uint8_t*>(mnl_attr_get_payload(attribute));
      visit(mnl_attr_get_type(attribute), Bytes(payload, mnl_attr_get_payload_len(attribute)));
      left -= static_cast<int>(MNL_ALIGN(attribute->nla_len));
      attribute = mnl_attr_next(attribute);
    }
  }

  Bytes operator[](std::uint16_t type) const { return found_[type]; }

 private:
  std::array<Bytes, 32> found_;
};

absl::string_view ViewOf(Bytes payload) {
  const absl::string_view text(reinterpret_cast<const char*>(payload.data()), payload.size());
  return text.substr(0, text.find('\0'));
}

// For keys: names may have any bytes.
std::string NameOf(Bytes payload) { return absl::CHexEscape(ViewOf(payload)); }

std::uint32_t NumberOf(Bytes payload) {
  std::uint32_t number = 0;
  if (payload.size() == sizeof(number)) std::memcpy(&number, payload.data(), sizeof(number));
  return number;
}

std::uint64_t Mix(std::uint64_t digest, Bytes bytes) {
  return absl::HashOf(digest, absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

std::uint64_t Mix(const Attributes& attributes, std::initializer_list<std::uint16_t> types) {
  std::uint64_t digest = 0;
  for (const std::uint16_t type : types) digest = Mix(digest, attributes[type]);
  return digest;
}

// What is behind the header of its own in a message that has `type` (0: any of nf_tables'); DATA_LOSS when it is none.
template <typename Header>
absl::StatusOr<std::pair<Header, Attributes>> Parse(Bytes bytes, std::uint16_t type) {
  constexpr std::size_t kHeaders = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(Header));
  nlmsghdr message{};
  if (bytes.size() >= sizeof(message)) std::memcpy(&message, bytes.data(), sizeof(message));
  if (bytes.size() < kHeaders || message.nlmsg_type != type) {
    return absl::DataLossError(absl::StrCat("an answer that is not what was asked for, of type ", message.nlmsg_type));
  }
  Header header{};
  std::memcpy(&header, bytes.data() + NLMSG_HDRLEN, sizeof(header));
  return std::pair(header, Attributes(bytes.subspan(kHeaders)));
}

absl::StatusOr<std::pair<nfgenmsg, Attributes>> ParseNft(Bytes bytes, std::uint16_t type) {
  return Parse<nfgenmsg>(bytes, static_cast<std::uint16_t>((NFNL_SUBSYS_NFTABLES << 8) | type));
}

std::string TableKey(const nfgenmsg& header, Bytes name) {
  return absl::StrCat("table ", NftFamilyName(header.nfgen_family), " ", NameOf(name));
}

bool IsOurTable(const nfgenmsg& header, Bytes name) {
  const auto is_family = [&header](NftFamily family) { return NumberOf(family) == header.nfgen_family; };
  return std::ranges::any_of(kNftFamilies, is_family) && ViewOf(name) == kTableName;
}

std::string WithinTable(absl::string_view kind, Bytes name, const std::string& table) {
  return absl::StrCat(kind, " ", NameOf(name), " of ", table);
}

// With what they are to do, without what they have counted.
std::uint64_t MixExpressions(std::uint64_t digest, Bytes list) {
  Attributes::ForEach(list, [&digest](std::uint16_t, Bytes element) {
    const Attributes expression(element);
    const absl::string_view name = ViewOf(expression[NFTA_EXPR_NAME]);
    digest = Mix(digest, expression[NFTA_EXPR_NAME]);
    if (name == "counter" || name == "last") return;
    const Bytes data = expression[NFTA_EXPR_DATA];
    if (name != "quota") {
      digest = Mix(digest, data);
      return;
    }
    const Attributes quota(data);
    digest = Mix(Mix(digest, quota[NFTA_QUOTA_BYTES]), quota[NFTA_QUOTA_FLAGS]);
  });
  return digest;
}

// "8001:", "1:10", "root", as tc has them.
std::string HandleText(std::uint32_t handle) {
  const std::uint32_t minor = TC_H_MIN(handle);
  return absl::StrCat(absl::Hex(TC_H_MAJ(handle) >> 16), ":", minor == 0 ? "" : absl::StrCat(absl::Hex(minor)));
}

std::string ParentText(std::uint32_t parent) {
  if (parent == TC_H_ROOT) return " root";
  return parent == TC_H_INGRESS ? "" : absl::StrCat(" parent ", HandleText(parent));
}

}  // namespace

absl::Status PictureReader::Add(std::string key, Thing thing) {
  if (picture_.things.size() >= KernelPicture::kMostThings) {
    return absl::ResourceExhaustedError(
        absl::StrCat("more than ", KernelPicture::kMostThings, " tables, chains, sets, devices and qdiscs are there"));
  }
  picture_.things.insert_or_assign(std::move(key), std::move(thing));
  return absl::OkStatus();
}

const KernelPicture::Thing* PictureReader::FindTable(const std::string& key) const {
  const auto found = picture_.things.find(key);
  return found == picture_.things.end() ? nullptr : &found->second;
}

absl::Status PictureReader::AddTable(Message message) {
  FAULTLINE_ASSIGN_OR_RETURN(const auto table, ParseNft(message, NFT_MSG_NEWTABLE));
  const auto& [header, attributes] = table;
  const Bytes name = attributes[NFTA_TABLE_NAME];
  return Add(
      TableKey(header, name),
      {.kind = Thing::Kind::kTable, .ours = IsOurTable(header, name), .digest = Mix(attributes, {NFTA_TABLE_FLAGS})});
}

absl::Status PictureReader::AddChain(Message message) {
  FAULTLINE_ASSIGN_OR_RETURN(const auto chain, ParseNft(message, NFT_MSG_NEWCHAIN));
  const auto& [header, attributes] = chain;
  const std::string table = TableKey(header, attributes[NFTA_CHAIN_TABLE]);
  const Thing* found = FindTable(table);
  if (found == nullptr) return absl::OkStatus();
  return Add(WithinTable("chain", attributes[NFTA_CHAIN_NAME], table),
             {.kind = Thing::Kind::kChain,
              .of = table,
              .ours = found->ours,
              .digest = Mix(attributes, {NFTA_CHAIN_HOOK, NFTA_CHAIN_POLICY, NFTA_CHAIN_TYPE, NFTA_CHAIN_FLAGS})});
}

absl::Status PictureReader::AddSet(Message message) {
  FAULTLINE_ASSIGN_OR_RETURN(const auto set, ParseNft(message, NFT_MSG_NEWSET));
  const auto& [header, attributes] = set;
  const std::string table = TableKey(header, attributes[NFTA_SET_TABLE]);
  const Thing* found = FindTable(table);
  if (found == nullptr) return absl::OkStatus();
  return Add(WithinTable("set", attributes[NFTA_SET_NAME], table),
             {.kind = Thing::Kind::kSet,
              .of = table,
              .ours = found->ours,
              .digest = Mix(attributes,
                            {NFTA_SET_FLAGS, NFTA_SET_KEY_TYPE, NFTA_SET_KEY_LEN, NFTA_SET_DATA_TYPE, NFTA_SET_DATA_LEN,
                             NFTA_SET_POLICY, NFTA_SET_TIMEOUT, NFTA_SET_GC_INTERVAL, NFTA_SET_OBJ_TYPE})});
}

absl::Status PictureReader::AddRule(Message message) {
  FAULTLINE_ASSIGN_OR_RETURN(const auto rule, ParseNft(message, NFT_MSG_NEWRULE));
  const auto& [header, attributes] = rule;
  const std::string table = TableKey(header, attributes[NFTA_RULE_TABLE]);
  const auto chain = picture_.things.find(WithinTable("chain", attributes[NFTA_RULE_CHAIN], table));
  if (chain == picture_.things.end()) return absl::OkStatus();
  ++chain->second.parts;
  std::uint64_t& digest = chain->second.parts_digest;
  digest = MixExpressions(digest, attributes[NFTA_RULE_EXPRESSIONS]);
  digest = Mix(Mix(digest, attributes[NFTA_RULE_COMPAT]), attributes[NFTA_RULE_USERDATA]);
  return absl::OkStatus();
}

absl::Status PictureReader::AddDevice(Message message) {
  FAULTLINE_ASSIGN_OR_RETURN(const auto device, Parse<ifinfomsg>(message, RTM_NEWLINK));
  const auto& [header, attributes] = device;
  const Bytes kind = Attributes(attributes[IFLA_LINKINFO])[IFLA_INFO_KIND];
  const Bytes alias = attributes[IFLA_IFALIAS];
  const bool up = (header.ifi_flags & IFF_UP) != 0;
  const bool ours = IsOurs({.name = ViewOf(attributes[IFLA_IFNAME]),
                            .kind = ViewOf(kind),
                            .alias = alias.empty() ? std::nullopt : std::optional(ViewOf(alias)),
                            .up = up,
                            .mtu = NumberOf(attributes[IFLA_MTU])});
  const std::string key = absl::StrCat("device ", NameOf(attributes[IFLA_IFNAME]));
  devices_[static_cast<std::uint32_t>(header.ifi_index)] = key;
  return Add(key, {.kind = Thing::Kind::kDevice,
                   .ours = ours,
                   .digest = absl::HashOf(header.ifi_index, up, ViewOf(kind), NumberOf(attributes[IFLA_MTU]),
                                          NumberOf(attributes[IFLA_MASTER]))});
}

absl::Status PictureReader::AddQdisc(Message message) {
  FAULTLINE_ASSIGN_OR_RETURN(const auto qdisc, Parse<tcmsg>(message, RTM_NEWQDISC));
  const auto& [header, attributes] = qdisc;
  const auto number = static_cast<std::uint32_t>(header.tcm_ifindex);
  const auto device = devices_.find(number);
  if (device == devices_.end()) return absl::OkStatus();
  const absl::string_view kind = ViewOf(attributes[TCA_KIND]);
  const std::string key =
      absl::StrCat("qdisc ", NameOf(attributes[TCA_KIND]), " ", HandleText(header.tcm_handle),
                   ParentText(header.tcm_parent), " on ", absl::StripPrefix(device->second, "device "));
  if (kind == "clsact" || kind == "ingress") {
    hooks_[number] = key;
    filter_places_.push_back({.device = number, .parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)});
    if (kind == "clsact") {
      filter_places_.push_back({.device = number, .parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)});
    }
  }
  const bool counts = kind == "htb" || kind == "gred";
  return Add(key, {.kind = Thing::Kind::kQdisc,
                   .of = device->second,
                   .ours = picture_.things.at(device->second).ours,
                   .digest = counts ? 0 : Mix(attributes, {TCA_OPTIONS})});
}

absl::Status PictureReader::AddFilter(Message message) {
  FAULTLINE_ASSIGN_OR_RETURN(const auto filter, Parse<tcmsg>(message, RTM_NEWTFILTER));
  const auto& [header, attributes] = filter;
  const auto hook = hooks_.find(static_cast<std::uint32_t>(header.tcm_ifindex));
  if (hook == hooks_.end()) return absl::OkStatus();
  Thing& qdisc = picture_.things.at(hook->second);
  const absl::string_view kind = ViewOf(attributes[TCA_KIND]);
  const auto preference = static_cast<std::uint16_t>(TC_H_MAJ(header.tcm_info) >> 16);
  if (IsDetour(kind, preference, header.tcm_handle)) {
    qdisc.ours = qdisc.ours || IsOfOurClsact(header.tcm_handle);
    const std::string key = absl::StrCat("filter ", HandleText(header.tcm_handle), " of ", hook->second);
    return Add(key, {.kind = Thing::Kind::kFilter, .of = qdisc.of, .ours = true});
  }
  if (IsDetourHead(kind, preference, header.tcm_handle)) return absl::OkStatus();
  ++qdisc.parts;
  // Its options count, in most kinds. The info has preference and protocol.
  qdisc.parts_digest = absl::HashOf(qdisc.parts_digest, header.tcm_parent, header.tcm_handle, header.tcm_info,
                                    Mix(attributes, {TCA_KIND, TCA_CHAIN}));
  return absl::OkStatus();
}

}  // namespace faultline
