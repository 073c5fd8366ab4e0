#include "agent/kernel/foreign_change.h"

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "agent/kernel/nft_numbers.h"
#include "agent/kernel/nft_object.h"

namespace faultline {
namespace {

// What a notification of nf_tables is about.
struct NoticeKind {
  std::uint16_t type;
  const char* what;
  // Of the attribute that names it.
  std::uint16_t name;
  const char* done;
};
constexpr NoticeKind kNoticeKinds[] = {
    {NFT_MSG_NEWTABLE, "table", NFTA_TABLE_NAME, "changed"},
    {NFT_MSG_DELTABLE, "table", NFTA_TABLE_NAME, "deleted"},
    {NFT_MSG_NEWCHAIN, "chain", NFTA_CHAIN_NAME, "changed"},
    {NFT_MSG_DELCHAIN, "chain", NFTA_CHAIN_NAME, "deleted"},
    {NFT_MSG_NEWRULE, "chain", NFTA_RULE_CHAIN, "changed rules of"},
    {NFT_MSG_DELRULE, "chain", NFTA_RULE_CHAIN, "changed rules of"},
    {NFT_MSG_NEWSET, "set", NFTA_SET_NAME, "changed"},
    {NFT_MSG_DELSET, "set", NFTA_SET_NAME, "deleted"},
    {NFT_MSG_NEWSETELEM, "set", NFTA_SET_ELEM_LIST_SET, "changed"},
    {NFT_MSG_DELSETELEM, "set", NFTA_SET_ELEM_LIST_SET, "changed"},
};
constexpr char kDeleted[] = "deleted";

// Texts of attributes by their type, as far as they are wanted; in all these messages that of 1 is the table.
constexpr std::uint16_t kMostAttribute = 4;
using Texts = std::array<std::string, kMostAttribute>;

// The message whose header begins the bytes; null when it is cut off or shorter than `least` behind the header.
const nlmsghdr* MessageOf(std::span<const std::uint8_t> bytes, std::size_t least) {
  if (bytes.size() < sizeof(nlmsghdr)) return nullptr;
  const auto* message = reinterpret_cast<const nlmsghdr*>(bytes.data());
  const bool whole = message->nlmsg_len >= NLMSG_HDRLEN + least && message->nlmsg_len <= bytes.size();
  return whole ? message : nullptr;
}

Texts ReadTexts(const nlmsghdr* message, std::size_t header) {
  Texts texts;
  const auto* end = static_cast<const char*>(mnl_nlmsg_get_payload_tail(message));
  const auto* attribute = static_cast<const nlattr*>(mnl_nlmsg_get_payload_offset(message, header));
  for (; mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char*>(attribute)));
       attribute = mnl_attr_next(attribute)) {
    const std::uint16_t type = mnl_attr_get_type(attribute);
    if (type >= kMostAttribute || mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) < 0) continue;
    texts[type] = mnl_attr_get_str(attribute);
  }
  return texts;
}

std::optional<NftFamily> FamilyOf(std::uint8_t number) {
  for (const NftFamily family : kNftFamilies) {
    if (NumberOf(family) == number) return family;
  }
  return std::nullopt;
}

// A socket's port is by default its process's id, so it usually tells whose it is; not when the process has gone.
std::string Doer(std::uint32_t port) {
  std::ifstream file(absl::StrCat("/proc/", port, "/comm"));
  std::string name;
  if (std::getline(file, name)) return absl::StrCat("process ", port, " (", absl::CHexEscape(name), ")");
  return port == 0 ? "somebody" : absl::StrCat("somebody (netlink port ", port, ")");
}

std::string DeviceName(int index) {
  std::array<char, IF_NAMESIZE> name{};
  return if_indextoname(static_cast<unsigned>(index), name.data()) == nullptr ? absl::StrCat("number ", index)
                                                                              : std::string(name.data());
}

std::optional<ForeignChange> ReadLinkNotice(const nlmsghdr* message, const NetlinkPorts& own) {
  const auto* link = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
  if (link->ifi_family != AF_UNSPEC || message->nlmsg_pid == own.route) return std::nullopt;
  const std::string name = ReadTexts(message, sizeof(ifinfomsg))[IFLA_IFNAME];
  return ForeignChange{.device = static_cast<std::uint32_t>(link->ifi_index),
                       .deleted = true,
                       .text = absl::StrCat(Doer(message->nlmsg_pid), " deleted the device ", name,
                                            ": packets that were to go through it are lost")};
}

std::optional<ForeignChange> ReadQdiscNotice(const nlmsghdr* message, const NetlinkPorts& own) {
  // What has no port is the kernel's own doing.
  if (message->nlmsg_pid == own.route || message->nlmsg_pid == 0) return std::nullopt;
  const auto* qdisc = static_cast<const tcmsg*>(mnl_nlmsg_get_payload(message));
  if (qdisc->tcm_parent == TC_H_CLSACT) {
    return ForeignChange{.device = static_cast<std::uint32_t>(qdisc->tcm_ifindex),
                         .clsact = true,
                         .text = absl::StrCat(Doer(message->nlmsg_pid), " changed the clsact of the device ",
                                              DeviceName(qdisc->tcm_ifindex), ": faults may not act on what it sends")};
  }
  return ForeignChange{.device = static_cast<std::uint32_t>(qdisc->tcm_ifindex),
                       .text = absl::StrCat(Doer(message->nlmsg_pid), " changed the qdiscs of the device ",
                                            DeviceName(qdisc->tcm_ifindex), ": its packets may not fare as planned")};
}

std::optional<ForeignChange> ReadNftNotice(std::span<const std::uint8_t> bytes, const NetlinkPorts& own) {
  const nlmsghdr* message = MessageOf(bytes, sizeof(nfgenmsg));
  if (message == nullptr || (message->nlmsg_type >> 8) != NFNL_SUBSYS_NFTABLES) return std::nullopt;
  // What has no port is the kernel's own doing: an interface has gone, or a process that owned a table.
  if (message->nlmsg_pid == own.netfilter || message->nlmsg_pid == 0) return std::nullopt;
  const auto* kind = std::ranges::find(kNoticeKinds, message->nlmsg_type & 0xff, &NoticeKind::type);
  if (kind == std::end(kNoticeKinds)) return std::nullopt;
  const auto family = FamilyOf(static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(message))->nfgen_family);
  const Texts texts = ReadTexts(message, sizeof(nfgenmsg));
  if (!family || texts[NFTA_TABLE_NAME] != kTableName) return std::nullopt;
  const bool table = kind->name == NFTA_TABLE_NAME;
  const std::string& name = texts[kind->name];
  ForeignChange change{.table = *family, .deleted = table && kind->done == absl::string_view(kDeleted)};
  if (!table) change.run = RunOfObject(name);
  change.text = absl::StrCat(Doer(message->nlmsg_pid), " ", kind->done, " the ", kind->what, " ",
                             table ? absl::StrCat(NameOf(*family), " ", name) : name,
                             change.deleted ? ": its faults act here no longer" : "");
  return change;
}

std::optional<ForeignChange> ReadRouteNotice(std::span<const std::uint8_t> bytes, const NetlinkPorts& own) {
  const nlmsghdr* message = MessageOf(bytes, std::max(sizeof(ifinfomsg), sizeof(tcmsg)));
  if (message == nullptr) return std::nullopt;
  switch (message->nlmsg_type) {
    case RTM_DELLINK:
      return ReadLinkNotice(message, own);
    case RTM_NEWQDISC:
    case RTM_DELQDISC:
      return ReadQdiscNotice(message, own);
    default:
      return std::nullopt;
  }
}

// What `read` makes of each whole message of a datagram.
template <typename Read>
std::vector<ForeignChange> ReadEach(std::span<const std::uint8_t> datagram, const NetlinkPorts& own, Read read) {
  std::vector<ForeignChange> changes;
  while (datagram.size() >= sizeof(nlmsghdr)) {
    const std::size_t length = reinterpret_cast<const nlmsghdr*>(datagram.data())->nlmsg_len;
    if (length < sizeof(nlmsghdr) || length > datagram.size()) break;
    if (std::optional<ForeignChange> change = read(datagram.first(length), own)) changes.push_back(*std::move(change));
    datagram = datagram.subspan(std::min<std::size_t>(NLMSG_ALIGN(length), datagram.size()));
  }
  return changes;
}

}  // namespace

std::vector<ForeignChange> ReadNftNotices(std::span<const std::uint8_t> datagram, const NetlinkPorts& own) {
  return ReadEach(datagram, own, ReadNftNotice);
}

std::vector<ForeignChange> ReadRouteNotices(std::span<const std::uint8_t> datagram, const NetlinkPorts& own) {
  return ReadEach(datagram, own, ReadRouteNotice);
}

std::vector<ForeignChange> Condense(std::vector<ForeignChange> changes) {
  std::vector<ForeignChange> kept;
  for (ForeignChange& change : changes) {
    const bool told = std::ranges::find(kept, change.text, &ForeignChange::text) != kept.end();
    if (!told) kept.push_back(std::move(change));
  }
  std::vector<NftFamily> deleted;
  for (const ForeignChange& change : kept) {
    if (change.table && change.deleted) deleted.push_back(*change.table);
  }
  std::erase_if(kept, [&deleted](const ForeignChange& change) {
    return change.table && !change.deleted && std::ranges::find(deleted, *change.table) != deleted.end();
  });
  return kept;
}

}  // namespace faultline
