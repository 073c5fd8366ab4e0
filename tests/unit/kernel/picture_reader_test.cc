#include "agent/kernel/picture_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cstring>
#include <functional>

#include "absl/strings/str_cat.h"
#include "agent/kernel/nft_object.h"
#include "tests/support/matchers.h"

namespace faultline {
namespace {

using ::faultline::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;
using Kind = KernelPicture::Thing::Kind;

// One message as the kernel sends it.
class Message {
 public:
  template <typename Header>
  Message(std::uint16_t type, const Header& header) {
    message()->nlmsg_len = MNL_NLMSG_HDRLEN;
    message()->nlmsg_type = type;
    std::memcpy(mnl_nlmsg_put_extra_header(message(), sizeof(header)), &header, sizeof(header));
  }
  static Message Nft(std::uint16_t type, std::uint8_t family = NFPROTO_INET) {
    return Message((NFNL_SUBSYS_NFTABLES << 8) | type, nfgenmsg{.nfgen_family = family});
  }
  static Message Device(int index, const char* name, unsigned flags = 0) {
    return Message(RTM_NEWLINK, ifinfomsg{.ifi_index = index, .ifi_flags = flags}).Text(IFLA_IFNAME, name);
  }
  static Message Traffic(std::uint16_t type, std::uint32_t handle, std::uint32_t parent, const char* kind,
                         std::uint32_t info = 0) {
    tcmsg header{.tcm_ifindex = 2};
    header.tcm_info = info;
    header.tcm_handle = handle;
    header.tcm_parent = parent;
    return Message(type, header).Text(TCA_KIND, kind);
  }

  Message& Text(std::uint16_t type, const char* text) {
    mnl_attr_put_strz(message(), type, text);
    return *this;
  }
  Message& Number(std::uint16_t type, std::uint32_t number) {
    mnl_attr_put_u32(message(), type, number);
    return *this;
  }
  Message& Nest(std::uint16_t type, const std::function<void(Message&)>& fill) {
    nlattr* nest = mnl_attr_nest_start(message(), type);
    fill(*this);
    mnl_attr_nest_end(message(), nest);
    return *this;
  }
  // One expression of a rule, with a number in its data.
  Message& Expression(const char* name, std::uint16_t type, std::uint32_t number) {
    return Nest(NFTA_LIST_ELEM, [=](Message& m) {
      m.Text(NFTA_EXPR_NAME, name).Nest(NFTA_EXPR_DATA, [=](Message& data) { data.Number(type, number); });
    });
  }

  std::span<const std::uint8_t> bytes() const { return {bytes_, reinterpret_cast<const nlmsghdr*>(bytes_)->nlmsg_len}; }

 private:
  nlmsghdr* message() { return reinterpret_cast<nlmsghdr*>(bytes_); }

  alignas(nlmsghdr) std::uint8_t bytes_[1024] = {};
};

// Of chain "in" with one rule of these expressions.
std::uint64_t DigestOf(const std::function<void(Message&)>& expressions, std::uint32_t handle = 7) {
  PictureReader reader;
  EXPECT_THAT(reader.AddTable(Message::Nft(NFT_MSG_NEWTABLE).Text(NFTA_TABLE_NAME, "fw").bytes()), IsOk());
  EXPECT_THAT(
      reader.AddChain(Message::Nft(NFT_MSG_NEWCHAIN).Text(NFTA_CHAIN_TABLE, "fw").Text(NFTA_CHAIN_NAME, "in").bytes()),
      IsOk());
  Message rule = Message::Nft(NFT_MSG_NEWRULE).Text(NFTA_RULE_TABLE, "fw").Text(NFTA_RULE_CHAIN, "in");
  rule.Number(NFTA_RULE_HANDLE, handle).Nest(NFTA_RULE_EXPRESSIONS, expressions);
  EXPECT_THAT(reader.AddRule(rule.bytes()), IsOk());
  const KernelPicture::Thing chain = reader.Take().things.at("chain in of table inet fw");
  EXPECT_EQ(chain.parts, 1u);
  return chain.parts_digest;
}

class PictureReaderTest : public ::testing::Test {
 protected:
  PictureReader reader_;
};

TEST_F(PictureReaderTest, TablesAreOursByFamilyAndName) {
  const auto add = [this](std::uint8_t family, const char* name) {
    ASSERT_THAT(reader_.AddTable(Message::Nft(NFT_MSG_NEWTABLE, family).Text(NFTA_TABLE_NAME, name).bytes()), IsOk());
  };
  add(NFPROTO_NETDEV, "faultline");
  add(NFPROTO_INET, "faultline");
  add(NFPROTO_IPV4, "faultline");
  add(NFPROTO_BRIDGE, "caf\xc3\xa9");
  std::map<std::string, bool> ours;
  for (const auto& [key, thing] : reader_.Take().things) ours[key] = thing.ours;
  EXPECT_THAT(ours, ElementsAre(Pair("table bridge caf\\xc3\\xa9", false), Pair("table inet faultline", true),
                                Pair("table ip faultline", false), Pair("table netdev faultline", true)));
}

TEST_F(PictureReaderTest, WhatRulesCountIsNotInThePicture) {
  const auto rule = [](std::uint32_t counted, std::uint32_t verdict) {
    return [=](Message& m) {
      m.Expression("counter", NFTA_COUNTER_BYTES, counted)
          .Expression("last", NFTA_COUNTER_BYTES, counted)
          .Expression("quota", NFTA_QUOTA_CONSUMED, counted)
          .Expression("immediate", NFTA_IMMEDIATE_DREG, verdict);
    };
  };
  EXPECT_EQ(DigestOf(rule(1, 5)), DigestOf(rule(1000, 5)));
  EXPECT_EQ(DigestOf(rule(1, 5), /*handle=*/7), DigestOf(rule(1, 5), /*handle=*/8));
  EXPECT_NE(DigestOf(rule(1, 5)), DigestOf(rule(1, 6)));
}

TEST_F(PictureReaderTest, WhatRulesLimitIs) {
  const auto rule = [](const char* name, std::uint16_t type, std::uint32_t number) {
    return [=](Message& m) { m.Expression(name, type, number); };
  };
  EXPECT_NE(DigestOf(rule("quota", NFTA_QUOTA_BYTES, 1)), DigestOf(rule("quota", NFTA_QUOTA_BYTES, 2)));
  EXPECT_NE(DigestOf(rule("limit", NFTA_LIMIT_BURST, 1)), DigestOf(rule("limit", NFTA_LIMIT_BURST, 2)));
  EXPECT_NE(DigestOf(rule("counter", NFTA_COUNTER_BYTES, 1)), DigestOf(rule("last", NFTA_COUNTER_BYTES, 1)));
}

TEST_F(PictureReaderTest, OrderOfRulesCounts) {
  const auto rules = [](const char* first, const char* second) {
    return [=](Message& m) { m.Expression(first, 1, 1).Expression(second, 1, 1); };
  };
  EXPECT_NE(DigestOf(rules("cmp", "meta")), DigestOf(rules("meta", "cmp")));
}

TEST_F(PictureReaderTest, WhatIsOfNothingThatIsThereIsPassedOver) {
  EXPECT_THAT(
      reader_.AddChain(Message::Nft(NFT_MSG_NEWCHAIN).Text(NFTA_CHAIN_TABLE, "t").Text(NFTA_CHAIN_NAME, "c").bytes()),
      IsOk());
  EXPECT_THAT(reader_.AddSet(Message::Nft(NFT_MSG_NEWSET).Text(NFTA_SET_TABLE, "t").bytes()), IsOk());
  EXPECT_THAT(reader_.AddRule(Message::Nft(NFT_MSG_NEWRULE).Text(NFTA_RULE_TABLE, "t").bytes()), IsOk());
  EXPECT_THAT(reader_.AddQdisc(Message::Traffic(RTM_NEWQDISC, 0, TC_H_ROOT, "fq").bytes()), IsOk());
  EXPECT_THAT(reader_.AddFilter(Message::Traffic(RTM_NEWTFILTER, 0, TC_H_CLSACT, "bpf").bytes()), IsOk());
  EXPECT_THAT(reader_.Take().things, IsEmpty());
}

TEST_F(PictureReaderTest, QdiscsAreNamedAsTcDoes) {
  ASSERT_THAT(reader_.AddDevice(Message::Device(2, "eth0").bytes()), IsOk());
  const auto add = [this](std::uint32_t handle, std::uint32_t parent, const char* kind) {
    ASSERT_THAT(reader_.AddQdisc(Message::Traffic(RTM_NEWQDISC, handle, parent, kind).bytes()), IsOk());
  };
  add(0x80010000, TC_H_ROOT, "mq");
  add(0, 0x8001000a, "fq_codel");
  add(0xffff0000, TC_H_CLSACT, "clsact");
  ASSERT_THAT(reader_.AddFilter(Message::Traffic(RTM_NEWTFILTER, 1, 0xfffffff2, "bpf").bytes()), IsOk());
  std::map<std::string, std::size_t> filters;
  for (const auto& [key, thing] : reader_.Take().things) filters[key] = thing.parts;
  EXPECT_THAT(filters, UnorderedElementsAre(Pair("device eth0", 0), Pair("qdisc mq 8001: root on eth0", 0),
                                            Pair("qdisc fq_codel 0: parent 8001:a on eth0", 0),
                                            Pair("qdisc clsact ffff: on eth0", 1)));
  EXPECT_EQ(reader_.filter_places().size(), 2u) << "its two hooks";
}

TEST_F(PictureReaderTest, FiltersOfOursAreNotPartsOfWhatIsNot) {
  constexpr std::uint32_t kFirst = 0x10000 | 0x0300;
  constexpr std::uint32_t kEgress = 0xfffffff3;
  const auto things = [](std::initializer_list<std::uint32_t> handles) {
    PictureReader reader;
    EXPECT_THAT(reader.AddDevice(Message::Device(2, "eth0").bytes()), IsOk());
    EXPECT_THAT(reader.AddQdisc(Message::Traffic(RTM_NEWQDISC, 0xffff0000, TC_H_CLSACT, "clsact").bytes()), IsOk());
    for (const std::uint32_t handle : handles) {
      EXPECT_THAT(reader.AddFilter(Message::Traffic(RTM_NEWTFILTER, handle, kEgress, "basic", kFirst).bytes()), IsOk());
    }
    return reader.Take().things;
  };
  const std::string qdisc = "qdisc clsact ffff: on eth0";
  const auto empty = things({});
  // Behind the head of their list.
  const auto guests = things({0, 0xfa160003});
  EXPECT_EQ(guests.at(qdisc), empty.at(qdisc));
  EXPECT_TRUE(guests.at("filter fa16:3 of " + qdisc).ours);
  const auto made = things({0, 0xfa170000});
  EXPECT_TRUE(made.at(qdisc).ours);
  EXPECT_EQ(made.at(qdisc).parts, 0u);
  EXPECT_TRUE(made.at("filter fa17: of " + qdisc).ours);
  const auto theirs = things({0, 1});
  EXPECT_FALSE(theirs.at(qdisc).ours);
  EXPECT_EQ(theirs.at(qdisc).parts, 1u);
}

TEST_F(PictureReaderTest, OptionsCountUnlessTheyCountThemselves) {
  const auto digest = [](const char* kind, std::uint32_t option) {
    PictureReader reader;
    EXPECT_THAT(reader.AddDevice(Message::Device(2, "eth0").bytes()), IsOk());
    EXPECT_THAT(
        reader.AddQdisc(Message::Traffic(RTM_NEWQDISC, 0x10000, TC_H_ROOT, kind).Number(TCA_OPTIONS, option).bytes()),
        IsOk());
    return reader.Take().things.at(absl::StrCat("qdisc ", kind, " 1: root on eth0")).digest;
  };
  EXPECT_NE(digest("fq", 1), digest("fq", 2));
  EXPECT_EQ(digest("htb", 1), digest("htb", 2));
}

TEST_F(PictureReaderTest, DevicesAreSetByNumberKindMtuMasterAndBeingUp) {
  const auto digest = [](int index, unsigned flags, std::uint32_t mtu, std::uint32_t master, std::uint32_t queue) {
    PictureReader reader;
    EXPECT_THAT(reader.AddDevice(Message::Device(index, "eth0", flags)
                                     .Number(IFLA_MTU, mtu)
                                     .Number(IFLA_MASTER, master)
                                     .Number(IFLA_TXQLEN, queue)
                                     .bytes()),
                IsOk());
    return reader.Take().things.at("device eth0").digest;
  };
  const std::uint64_t usual = digest(2, IFF_UP, 1500, 0, 1000);
  EXPECT_EQ(digest(2, IFF_UP | IFF_RUNNING | IFF_PROMISC, 1500, 0, 500), usual);
  EXPECT_NE(digest(3, IFF_UP, 1500, 0, 1000), usual);
  EXPECT_NE(digest(2, 0, 1500, 0, 1000), usual);
  EXPECT_NE(digest(2, IFF_UP, 9000, 0, 1000), usual);
  EXPECT_NE(digest(2, IFF_UP, 1500, 5, 1000), usual);
}

TEST_F(PictureReaderTest, DevicesOfOursAndTheirQdiscs) {
  ASSERT_THAT(reader_.AddDevice(Message::Device(2, "fl0", IFF_UP)
                                    .Text(IFLA_IFALIAS, "faultline")
                                    .Nest(IFLA_LINKINFO, [](Message& m) { m.Text(IFLA_INFO_KIND, "ifb"); })
                                    .bytes()),
              IsOk());
  ASSERT_THAT(reader_.AddQdisc(Message::Traffic(RTM_NEWQDISC, 0x10000, TC_H_ROOT, "tbf").bytes()), IsOk());
  ASSERT_THAT(reader_.AddDevice(Message::Device(3, "fl1", IFF_UP).Text(IFLA_IFALIAS, "faultline").bytes()), IsOk());
  const KernelPicture picture = reader_.Take();
  EXPECT_TRUE(picture.things.at("device fl0").ours);
  EXPECT_TRUE(picture.things.at("qdisc tbf 1: root on fl0").ours);
  EXPECT_FALSE(picture.things.at("device fl1").ours) << "no ifb";
}

TEST_F(PictureReaderTest, WhatIsNoSuchMessageIsDataLoss) {
  const Message table = Message::Nft(NFT_MSG_NEWTABLE).Text(NFTA_TABLE_NAME, "fw");
  EXPECT_TRUE(absl::IsDataLoss(reader_.AddChain(table.bytes())));
  EXPECT_TRUE(absl::IsDataLoss(reader_.AddDevice(table.bytes())));
  for (std::size_t size = 0; size < MNL_NLMSG_HDRLEN + sizeof(nfgenmsg); ++size) {
    EXPECT_TRUE(absl::IsDataLoss(reader_.AddTable(table.bytes().first(size)))) << size;
  }
}

TEST_F(PictureReaderTest, ItsSizeIsBounded) {
  absl::Status status;
  for (std::size_t i = 0; i <= KernelPicture::kMostThings && status.ok(); ++i) {
    const std::string name = absl::StrCat("t", i);
    status = reader_.AddTable(Message::Nft(NFT_MSG_NEWTABLE).Text(NFTA_TABLE_NAME, name.c_str()).bytes());
  }
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_EQ(reader_.Take().things.size(), KernelPicture::kMostThings);
}

}  // namespace
}  // namespace faultline
