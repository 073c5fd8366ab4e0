#include "agent/kernel/foreign_change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include <cstring>

#include "absl/strings/str_cat.h"
#include "agent/kernel/nft_object.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr NetlinkPorts kOwn{.netfilter = 700001, .route = 700002};
// Of no process.
constexpr std::uint32_t kTheirs = 700003;

// Notifications one behind the other, as they come in a datagram.
class Datagram {
 public:
  Datagram& Nft(std::uint16_t type, std::uint32_t port, std::uint8_t family, const char* table,
                std::uint16_t name_type = 0, const char* name = nullptr) {
    nlmsghdr* message = Begin((NFNL_SUBSYS_NFTABLES << 8) | type, port);
    auto* header = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(nfgenmsg)));
    header->nfgen_family = family;
    mnl_attr_put_strz(message, NFTA_TABLE_NAME, table);
    if (name != nullptr) mnl_attr_put_strz(message, name_type, name);
    return End(message);
  }
  Datagram& DeletedLink(std::uint32_t port, int index, const char* name, std::uint8_t family = AF_UNSPEC) {
    nlmsghdr* message = Begin(RTM_DELLINK, port);
    auto* header = static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(message, sizeof(ifinfomsg)));
    header->ifi_family = family;
    header->ifi_index = index;
    mnl_attr_put_strz(message, IFLA_IFNAME, name);
    return End(message);
  }
  Datagram& Qdisc(std::uint16_t type, std::uint32_t port, int index, std::uint32_t parent = TC_H_ROOT) {
    nlmsghdr* message = Begin(type, port);
    auto* qdisc = static_cast<tcmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(tcmsg)));
    qdisc->tcm_ifindex = index;
    qdisc->tcm_parent = parent;
    return End(message);
  }

  std::span<const std::uint8_t> bytes() const { return {bytes_, size_}; }

 private:
  nlmsghdr* Begin(std::uint16_t type, std::uint32_t port) {
    nlmsghdr* message = mnl_nlmsg_put_header(bytes_ + size_);
    message->nlmsg_type = type;
    message->nlmsg_pid = port;
    return message;
  }
  Datagram& End(const nlmsghdr* message) {
    size_ += NLMSG_ALIGN(message->nlmsg_len);
    return *this;
  }

  alignas(nlmsghdr) std::uint8_t bytes_[4096] = {};
  std::size_t size_ = 0;
};

std::vector<std::string> TextsOf(const std::vector<ForeignChange>& changes) {
  std::vector<std::string> texts;
  for (const ForeignChange& change : changes) texts.push_back(change.text);
  return texts;
}

TEST(ForeignChangeTest, TablesOfOursAreToldWhoeverTheyAreOf) {
  Datagram datagram;
  datagram.Nft(NFT_MSG_DELTABLE, kTheirs, NFPROTO_NETDEV, "faultline")
      .Nft(NFT_MSG_DELTABLE, kOwn.netfilter, NFPROTO_NETDEV, "faultline")
      .Nft(NFT_MSG_DELTABLE, 0, NFPROTO_NETDEV, "faultline")
      .Nft(NFT_MSG_DELTABLE, kTheirs, NFPROTO_IPV4, "faultline")
      .Nft(NFT_MSG_DELTABLE, kTheirs, NFPROTO_INET, "filter")
      .Nft(NFT_MSG_NEWGEN, kTheirs, NFPROTO_INET, "faultline");
  const std::vector<ForeignChange> changes = ReadNftNotices(datagram.bytes(), kOwn);
  EXPECT_THAT(changes, ElementsAre(ForeignChange{
                           .table = NftFamily::kNetdev,
                           .deleted = true,
                           .text = "somebody (netlink port 700003) deleted the table netdev faultline: its faults act "
                                   "here no longer"}));
}

TEST(ForeignChangeTest, ObjectsAreOfTheRunThatNamesThem) {
  Datagram datagram;
  datagram.Nft(NFT_MSG_DELRULE, kTheirs, NFPROTO_NETDEV, "faultline", NFTA_RULE_CHAIN, "split-1/s0/in")
      .Nft(NFT_MSG_DELCHAIN, kTheirs, NFPROTO_INET, "faultline", NFTA_CHAIN_NAME, "_7up/state")
      .Nft(NFT_MSG_NEWSETELEM, kTheirs, NFPROTO_NETDEV, "faultline", NFTA_SET_ELEM_LIST_SET, "split-1/g0")
      .Nft(NFT_MSG_NEWSET, kTheirs, NFPROTO_NETDEV, "faultline", NFTA_SET_NAME, "__set0");
  const std::vector<ForeignChange> changes = ReadNftNotices(datagram.bytes(), kOwn);
  ASSERT_EQ(changes.size(), 4u);
  EXPECT_EQ(changes[0].run, RunId("split-1"));
  EXPECT_THAT(changes[0].text, HasSubstr("changed rules of the chain split-1/s0/in"));
  EXPECT_EQ(changes[1].run, RunId("7up"));
  EXPECT_EQ(changes[1].table, NftFamily::kInet);
  EXPECT_FALSE(changes[1].deleted);
  EXPECT_THAT(changes[1].text, HasSubstr("deleted the chain _7up/state"));
  EXPECT_THAT(changes[2].text, HasSubstr("changed the set split-1/g0"));
  EXPECT_FALSE(changes[3].run.has_value());
}

TEST(ForeignChangeTest, TheProcessIsNamedWhileItLives) {
  Datagram datagram;
  datagram.Nft(NFT_MSG_NEWTABLE, static_cast<std::uint32_t>(getpid()), NFPROTO_INET, "faultline");
  EXPECT_THAT(TextsOf(ReadNftNotices(datagram.bytes(), kOwn)),
              ElementsAre(absl::StrCat("process ", getpid(), " (kernel_test) changed the table inet faultline")));
}

TEST(ForeignChangeTest, DevicesAndQdiscs) {
  Datagram datagram;
  datagram.DeletedLink(0, 41, "fl0")
      .DeletedLink(kOwn.route, 42, "fl1")
      .DeletedLink(kTheirs, 43, "fl2", AF_BRIDGE)
      .Qdisc(RTM_NEWQDISC, kTheirs, 900044)
      .Qdisc(RTM_DELQDISC, kOwn.route, 900045)
      .Qdisc(RTM_DELQDISC, 0, 900046);
  const std::vector<ForeignChange> changes = ReadRouteNotices(datagram.bytes(), kOwn);
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].device, 41u);
  EXPECT_TRUE(changes[0].deleted);
  EXPECT_THAT(changes[0].text, HasSubstr("somebody deleted the device fl0"));
  EXPECT_EQ(changes[1].device, 900044u);
  EXPECT_THAT(changes[1].text, HasSubstr("changed the qdiscs of the device number 900044"));
}

TEST(ForeignChangeTest, Clsact) {
  Datagram datagram;
  datagram.Qdisc(RTM_DELQDISC, kTheirs, 900044, TC_H_CLSACT).Qdisc(RTM_NEWQDISC, kOwn.route, 900045, TC_H_CLSACT);
  const std::vector<ForeignChange> changes = ReadRouteNotices(datagram.bytes(), kOwn);
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].device, 900044u);
  EXPECT_TRUE(changes[0].clsact);
  EXPECT_THAT(changes[0].text, HasSubstr("changed the clsact of the device number 900044"));
}

TEST(ForeignChangeTest, WhatIsCutOffIsNotRead) {
  Datagram datagram;
  datagram.Nft(NFT_MSG_DELTABLE, kTheirs, NFPROTO_NETDEV, "faultline").DeletedLink(kTheirs, 41, "fl0");
  for (std::size_t size = 0; size < datagram.bytes().size(); ++size) {
    const std::span<const std::uint8_t> part = datagram.bytes().first(size);
    EXPECT_LE(ReadNftNotices(part, kOwn).size(), 1u);
    EXPECT_THAT(ReadRouteNotices(part, kOwn), IsEmpty());
  }
}

TEST(ForeignChangeTest, CondensedItIsToldOnceAndADeletedTableForAllInIt) {
  const ForeignChange rule{.run = RunId("r"), .table = NftFamily::kNetdev, .text = "rule"};
  const ForeignChange table{.table = NftFamily::kNetdev, .deleted = true, .text = "table"};
  const ForeignChange other{.run = RunId("r"), .table = NftFamily::kInet, .text = "other"};
  const ForeignChange device{.device = 3, .deleted = true, .text = "device"};
  EXPECT_THAT(Condense({rule, rule, other, device}), ElementsAre(rule, other, device));
  EXPECT_THAT(Condense({rule, other, device, table}), ElementsAre(other, device, table));
}

}  // namespace
}  // namespace faultline
