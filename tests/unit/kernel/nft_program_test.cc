// Programs, gate switches and attachments as batches, read back message by message.

#include "agent/kernel/nft_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "absl/strings/strip.h"
#include "agent/kernel/nft_object.h"
#include "agent/kernel/nl_reply.h"
#include "common/program/nft_names.h"
#include "tests/support/matchers.h"
#include "tests/unit/kernel/programs.h"

namespace faultline {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Le;

Program Split() { return testing::MakeProgram({{.index = 3, .incoming = {testing::kFromParis}}}); }

// Both tables: blocks of each kind, impairments, a loss by rule.
Program Everything() {
  Program program = testing::MakeProgram(
      {{.index = 0, .incoming = {testing::kFromParis}, .outgoing = {testing::kToParis}},
       {.index = 1, .effect = Reject(), .outgoing = {testing::kToParis}},
       {.index = 2, .filter = {.connection = Connection::kNew}, .incoming = {testing::kFromParis}},
       {.index = 3, .effect = testing::Loss(Ratio::Percent(10)), .incoming = {testing::kFromParis}},
       {.index = 4, .effect = testing::Rate(1000), .outgoing = {{.destinations = 2}}}});
  program.steps[3].lane = LaneKind::kLossByRule;
  program.steps[4].lane = LaneKind::kRate;
  return program;
}

NftBatch Install(const Program& program) {
  NftBatch batch(1);
  AddInstall(batch, program, testing::LanesFor(program));
  return batch;
}

std::vector<std::string> SetNames(const RunObjects& objects) {
  std::vector<std::string> names;
  for (const auto& [table, name] : objects.sets) names.push_back(absl::StrCat(NameOf(table), " ", name));
  return names;
}

std::vector<std::string> BaseChainNames(const RunObjects& objects) {
  std::vector<std::string> names;
  for (const RunObjects::BaseChain& chain : objects.base_chains) names.push_back(chain.name);
  return names;
}

// The messages of one type in a batch: "add element" is NFT_MSG_NEWSETELEM.
std::vector<std::vector<std::uint8_t>> Messages(const NftBatch& batch, std::uint16_t type) {
  const std::vector<std::uint8_t> bytes = batch.Encode();
  std::vector<std::vector<std::uint8_t>> found;
  const auto messages = ReadReplies(bytes);
  EXPECT_THAT(messages, IsOk());
  for (const NlReply& message : *messages) {
    nlmsghdr header;
    std::memcpy(&header, message.bytes.data(), sizeof(header));
    if (header.nlmsg_type == ((NFNL_SUBSYS_NFTABLES << 8) | type)) {
      found.emplace_back(message.bytes.begin(), message.bytes.end());
    }
  }
  return found;
}

struct Elements {
  std::string set;
  int count = 0;
  std::vector<std::uint64_t> timeouts;
};

// Calls visit with each of the attributes that fill `size` bytes.
template <typename Visit>
void ForEachAttribute(const void* first, std::size_t size, const Visit& visit) {
  const auto* attribute = static_cast<const nlattr*>(first);
  const auto* end = static_cast<const char*>(first) + size;
  for (; mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char*>(attribute)));
       attribute = mnl_attr_next(attribute)) {
    visit(attribute);
  }
}

Elements ReadElements(const std::vector<std::uint8_t>& message) {
  Elements elements;
  const auto read_part = [&](const nlattr* part) {
    if (mnl_attr_get_type(part) != NFTA_SET_ELEM_TIMEOUT) return;
    elements.timeouts.push_back(be64toh(mnl_attr_get_u64(part)));
  };
  const auto read_element = [&](const nlattr* element) {
    ++elements.count;
    ForEachAttribute(mnl_attr_get_payload(element), mnl_attr_get_payload_len(element), read_part);
  };
  constexpr std::size_t kHeaders = sizeof(nlmsghdr) + sizeof(nfgenmsg);
  ForEachAttribute(message.data() + kHeaders, message.size() - kHeaders, [&](const nlattr* attribute) {
    const std::uint16_t type = mnl_attr_get_type(attribute);
    if (type == NFTA_SET_ELEM_LIST_SET) elements.set = mnl_attr_get_str(attribute);
    if (type != NFTA_SET_ELEM_LIST_ELEMENTS) return;
    ForEachAttribute(mnl_attr_get_payload(attribute), mnl_attr_get_payload_len(attribute), read_element);
  });
  return elements;
}

TEST(NftNamesTest, ReadBack) {
  for (const RunId& run : {RunId("r"), RunId("2024"), RunId("a_b.c-1")}) {
    EXPECT_EQ(RunOfObject(GateName(run, 7)), run);
    EXPECT_EQ(RunOfObject(DeviceSetName(run)), run);
    EXPECT_EQ(StepOfGate(GateName(run, 4000000000u)), 4000000000u);
    EXPECT_EQ(StepOfGate(DeviceSetName(run)), std::nullopt);
    EXPECT_EQ(StepOfGate(PrefixSetName(run, 0, Family::kIpv4)), std::nullopt);
  }
  EXPECT_EQ(RunOfObject("gate"), std::nullopt);
  for (const char* name : {"g0", "r/g", "r/g-1", "r/g 1", "r/g0x", "r/g99999999999", "r/s0/g0"}) {
    EXPECT_EQ(StepOfGate(name), std::nullopt) << name;
  }
}

TEST(NftNamesTest, BeginWithALetterAndNeverMeet) {
  EXPECT_EQ(ChainName(RunId("r"), "in"), "r/in");
  EXPECT_EQ(AttachedChainName(RunId("r"), "lane/in", "eth1"), "r/lane/in/eth1");
  EXPECT_EQ(StepChainName(RunId("r"), 12, "out"), "r/s12/out");
  EXPECT_EQ(GateName(RunId("2024"), 0), "_2024/g0");
  EXPECT_EQ(PrefixSetName(RunId("r"), 4, Family::kIpv6), "r/p4/v6");
  EXPECT_EQ(DeviceSetName(RunId("r")), "r/devices");
  EXPECT_NE(ChainName(RunId("a.s1"), "in"), StepChainName(RunId("a"), 1, "in"));
}

TEST(NftProgramTest, ElementsAreSplitByTheThousand) {
  Program program = Split();
  std::vector<Prefix> prefixes;
  for (int i = 0; i < 2500; ++i) {
    const std::uint8_t bytes[] = {10, static_cast<std::uint8_t>(i >> 7), static_cast<std::uint8_t>(i << 1), 0};
    prefixes.push_back(*Prefix::Containing(IpAddress(bytes), 24));
  }
  program.prefix_sets[1] = PrefixSet(std::move(prefixes));
  const NftBatch batch = Install(program);
  std::vector<int> counts;
  for (const auto& message : Messages(batch, NFT_MSG_NEWSETELEM)) {
    const Elements elements = ReadElements(message);
    if (elements.set == "r/p1/v4") counts.push_back(elements.count);
  }
  // Two for each range, and the one that ends what is before the first.
  EXPECT_THAT(counts, ElementsAre(1000, 1000, 1000, 1000, 1000, 1));
}

TEST(NftProgramTest, AThousandIpv6RangesFitAMessage) {
  Program program = Split();
  std::vector<Prefix> prefixes;
  for (std::uint16_t i = 0; i < 1000; ++i) {
    std::uint8_t bytes[16] = {0xfd, 0x21};
    bytes[4] = static_cast<std::uint8_t>(i >> 7);
    bytes[5] = static_cast<std::uint8_t>(i << 1);
    prefixes.push_back(*Prefix::Containing(IpAddress(bytes), 48));
  }
  program.prefix_sets[1] = PrefixSet(std::move(prefixes));
  const NftBatch batch = Install(program);
  int total = 0;
  for (const auto& message : Messages(batch, NFT_MSG_NEWSETELEM)) {
    EXPECT_LT(message.size(), 65536u);
    const Elements elements = ReadElements(message);
    if (elements.set == "r/p1/v6") total += elements.count;
  }
  EXPECT_EQ(total, 2001);
}

TEST(NftProgramTest, OnlyFamiliesThatARuleUsesHaveSets) {
  EXPECT_THAT(SetNames(ObjectsOf(Split())), ElementsAre("netdev r/g3", "netdev r/p1/v4", "netdev r/p1/v6"));
  Program program = Split();
  program.steps[0].incoming[0].destinations = 0;
  EXPECT_THAT(SetNames(ObjectsOf(program)), ElementsAre("netdev r/g3", "netdev r/p0/v4", "netdev r/p1/v4"));
  program.steps[0].filter.except_addresses = 2;
  EXPECT_THAT(SetNames(ObjectsOf(program)),
              ElementsAre("netdev r/g3", "netdev r/p0/v4", "netdev r/p1/v4", "netdev r/p2/v4"));
}

TEST(NftProgramTest, ARunWithoutRulesHasNothing) {
  Program program = Split();
  program.prefix_sets[1] = testing::Set({"fd21::/48"});
  program.steps[0].incoming[0].destinations = 0;
  EXPECT_TRUE(ObjectsOf(program).empty());
  EXPECT_TRUE(Install(program).empty());
}

TEST(NftProgramTest, EachTableHasWhatItsRulesUse) {
  const RunObjects objects = ObjectsOf(Everything());
  EXPECT_THAT(BaseChainNames(objects),
              ElementsAre("r/in", "r/lane/in", "r/loss", "r/state", "r/forward", "r/output", "r/out", "r/lane/out"));
  EXPECT_THAT(SetNames(objects), ElementsAre("netdev r/g0", "inet r/g1", "inet r/g2", "netdev r/g3", "inet r/g3",
                                             "netdev r/g4", "netdev r/p1/v4", "netdev r/p1/v6", "netdev r/p2/v4",
                                             "inet r/p1/v4", "inet r/p1/v6", "inet r/devices"));
}

// Every base chain: whom no rule asks for, whose devices, what is protected, and then the gates.
TEST(NftProgramTest, ProtectedTrafficIsReturnedBeforeAnyGate) {
  Program program = Everything();
  program.protect.endpoints = {{*IpAddress::Parse("172.33.7.44"), 7440},
                               {*IpAddress::Parse("172.33.7.2"), 53, Protocol::kUdp}};
  const std::vector<std::string> rules = testing::RuleTexts(Install(program));
  const auto of_chain = [&](absl::string_view chain) {
    std::vector<std::string> found;
    for (absl::string_view rule : rules) {
      if (absl::ConsumePrefix(&rule, absl::StrCat(chain, ": "))) found.emplace_back(rule);
    }
    return found;
  };
  const std::vector<std::string> returned = {
      "tcp sport 22 return",
      "tcp dport 22 return",
      "udp sport { 67, 68, 123, 546, 547 } return",
      "udp dport { 67, 68, 123, 546, 547 } return",
      "icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, nd-redirect } "
      "return",
  };
  const auto expect = [&](const char* chain, const char* device, const std::string& remote,
                          const std::vector<std::string>& gates, bool paris_subnet = false) {
    std::vector<std::string> expected = {absl::StrCat("ip ", remote, " != 172.33.0.0/16 return"),
                                         absl::StrCat("ip6 ", remote, " != fd21::/48 return")};
    if (paris_subnet) expected = {absl::StrCat("ip ", remote, " != 172.33.8.0/24 return")};
    if (*device != 0) expected.emplace_back(device);
    expected.insert(expected.end(), returned.begin(), returned.end());
    expected.push_back(absl::StrCat("ip ", remote, " { 169.254.0.0/16 } return"));
    expected.push_back(absl::StrCat("ip6 ", remote, " { fd00:ec2::/32 } return"));
    expected.emplace_back("ip saddr 172.33.7.44 tcp sport 7440 return");
    expected.emplace_back("ip daddr 172.33.7.44 tcp dport 7440 return");
    expected.emplace_back("ip saddr 172.33.7.2 udp sport 53 return");
    expected.emplace_back("ip daddr 172.33.7.2 udp dport 53 return");
    expected.insert(expected.end(), gates.begin(), gates.end());
    EXPECT_EQ(of_chain(chain), expected) << chain;
  };
  expect("r/in", "", "saddr", {"meta protocol @r/g0 jump r/s0/in"});
  expect("r/lane/in", "", "saddr", {"meta protocol @r/g3 jump r/s3/in"});
  expect("r/out", "", "daddr", {"meta protocol @r/g0 jump r/s0/out"});
  expect("r/lane/out", "", "daddr", {"meta protocol @r/g4 jump r/s4/out"}, true);
  expect("inet r/loss", "iifname != @r/devices return", "saddr", {"meta protocol @r/g3 jump r/s3/loss"});
  expect("inet r/state", "iifname != @r/devices return", "saddr", {"meta protocol @r/g2 jump r/s2/state"});
  expect("inet r/output", "oifname != @r/devices return", "daddr", {"meta protocol @r/g1 jump r/s1/out"});
  expect("inet r/forward", "oifname != @r/devices return", "daddr", {"meta protocol @r/g1 jump r/s1/out"});
}

// Of each table by itself, each object once, those that lead to others first.
TEST(NftProgramTest, RemovesAllThatItInstalls) {
  const Program program = Everything();
  for (const NftFamily table : kNftFamilies) {
    std::multiset<std::string> made;
    const NftBatch install = Install(program);
    for (absl::string_view name : install.names()) {
      const bool inet = absl::StrContains(name.substr(0, name.find(':')), " inet ");
      if (inet != (table == NftFamily::kInet) || absl::StrContains(name, "__set")) continue;
      if (!absl::ConsumePrefix(&name, "add chain ") && !absl::ConsumePrefix(&name, "add set ")) continue;
      made.emplace(name.substr(0, name.find(" on ")));
    }
    NftBatch batch(1);
    AddRemove(batch, ObjectsOf(program), table);
    std::multiset<std::string> removed;
    for (absl::string_view name : batch.names()) {
      if (absl::ConsumePrefix(&name, "delete chain ") || absl::ConsumePrefix(&name, "delete set ")) {
        removed.emplace(name);
      }
    }
    EXPECT_EQ(made, removed) << NameOf(table);
  }
}

TEST(NftAttachTest, BringsTheBaseChainsOfADevice) {
  const Program program = Everything();
  RunObjects objects = ObjectsOf(program);
  const Place places[] = {Place::kBlockIn, Place::kLaneOut};
  NftBatch batch(1);
  AddAttach(batch, program, objects, places, "eth1", "");
  std::vector<std::string> chains;
  for (absl::string_view name : batch.names()) {
    if (!absl::StrContains(name, ": ") && !absl::StrContains(name, "__set")) chains.emplace_back(name);
  }
  EXPECT_THAT(chains, ElementsAre("add chain r/in/eth1", "delete chain r/in/eth1", "add chain r/in/eth1 on eth1",
                                  "add chain r/lane/out/eth1", "delete chain r/lane/out/eth1",
                                  "add chain r/lane/out/eth1 on eth1", "add elements of set inet r/devices"));
  EXPECT_THAT(testing::RuleTexts(batch), Contains("r/in/eth1: meta protocol @r/g0 jump r/s0/in"));
  EXPECT_THAT(testing::RuleTexts(batch), Contains("r/lane/out/eth1: meta protocol @r/g4 jump r/s4/out"));
  EXPECT_THAT(BaseChainNames(objects), ::testing::IsSupersetOf({"r/in", "r/in/eth1", "r/lane/out/eth1"}));
  // Once more, after it has been away: known once.
  const std::size_t known = objects.base_chains.size();
  AddAttach(batch, program, objects, places, "eth1", "");
  EXPECT_EQ(objects.base_chains.size(), known);
}

TEST(NftAttachTest, OfADeviceWhosePacketsAnotherOneSeesOnlyForStepsThatNameIt) {
  const Place places[] = {Place::kBlockIn, Place::kLaneOut};
  const auto chains_and_jumps = [&](std::vector<std::string> interfaces) {
    Program program = Everything();
    program.steps.front().filter.interfaces = std::move(interfaces);
    RunObjects objects = ObjectsOf(program);
    NftBatch batch(1);
    AddAttach(batch, program, objects, places, "eth0.10", "eth0");
    std::vector<std::string> texts;
    for (const std::string& name : batch.names()) {
      if (absl::EndsWith(name, " on eth0.10") || absl::StrContains(name, "jump")) texts.push_back(name);
    }
    EXPECT_THAT(batch.names(), Contains("add elements of set inet r/devices"));
    return texts;
  };
  EXPECT_THAT(chains_and_jumps({}), ElementsAre());
  EXPECT_THAT(chains_and_jumps({"eth0.10"}), ElementsAre("add chain r/in/eth0.10 on eth0.10",
                                                         HasSubstr("r/in/eth0.10: meta protocol @r/g0 jump r/s0/in")));
  EXPECT_THAT(chains_and_jumps({"eth0.10", "eth1"}), ::testing::SizeIs(2));
  EXPECT_THAT(chains_and_jumps({"eth0", "eth0.10"}), ElementsAre());
}

TEST(NftSwitchTest, GatesOfBothTablesChangeTogether) {
  const GateOpening open[] = {{3, seconds(15)}};
  const StepIndex close[] = {2, 3};
  NftBatch batch(1);
  AddSwitch(batch, RunId("r"), ObjectsOf(Everything()), close, open);
  std::vector<std::string> gates;
  for (const std::string& name : batch.names()) {
    if (std::find(gates.begin(), gates.end(), name) == gates.end()) gates.push_back(name);
  }
  EXPECT_THAT(gates, ElementsAre("add elements of set inet r/g2", "delete elements of set inet r/g2",
                                 "add elements of set r/g3", "delete elements of set r/g3",
                                 "add elements of set inet r/g3", "delete elements of set inet r/g3"));
}

TEST(NftSwitchTest, OpensByAddDeleteAddWithTimeout) {
  const GateOpening open[] = {{3, seconds(15)}};
  NftBatch batch(1);
  AddSwitch(batch, RunId("r"), ObjectsOf(Split()), {}, open);
  const auto added = Messages(batch, NFT_MSG_NEWSETELEM);
  ASSERT_EQ(added.size(), 4u);
  for (const auto& message : added) {
    EXPECT_EQ(ReadElements(message).set, "r/g3");
    EXPECT_THAT(ReadElements(message).timeouts, ElementsAre(15000u));
  }
  EXPECT_EQ(Messages(batch, NFT_MSG_DELSETELEM).size(), 2u);
}

TEST(NftSwitchTest, ClosesByAddWithTimeoutAndDelete) {
  const StepIndex close[] = {3};
  NftBatch batch(1);
  AddSwitch(batch, RunId("r"), ObjectsOf(Split()), close, {});
  const auto added = Messages(batch, NFT_MSG_NEWSETELEM);
  ASSERT_EQ(added.size(), 2u);
  EXPECT_THAT(ReadElements(added[0]).timeouts, ElementsAre(100u));
  EXPECT_EQ(Messages(batch, NFT_MSG_DELSETELEM).size(), 2u);
}

TEST(NftSwitchTest, TimeoutsAreWholeMillisecondsAndNeverTooShort) {
  const auto timeout_of = [](Duration timeout) {
    const GateOpening open[] = {{3, timeout}};
    NftBatch batch(1);
    AddSwitch(batch, RunId("r"), ObjectsOf(Split()), {}, open);
    return ReadElements(Messages(batch, NFT_MSG_NEWSETELEM).front()).timeouts.front();
  };
  EXPECT_EQ(timeout_of(microseconds(250999)), 250u);
  EXPECT_EQ(timeout_of(milliseconds(99)), 100u);
  EXPECT_EQ(timeout_of(Duration(0)), 100u);
  EXPECT_EQ(timeout_of(seconds(-5)), 100u);
  EXPECT_EQ(timeout_of(seconds(600)), 600000u);
}

TEST(NftSwitchTest, StepsWithoutGateArePassedOver) {
  const StepIndex close[] = {0};
  const GateOpening open[] = {{9, seconds(15)}};
  NftBatch batch(1);
  AddSwitch(batch, RunId("r"), ObjectsOf(Split()), close, open);
  EXPECT_TRUE(batch.empty());
}

TEST(NftBatchTest, OnlyTheLastOperationAsksForAnAcknowledgement) {
  const NftBatch batch = Install(Split());
  const std::vector<std::uint8_t> bytes = batch.Encode();
  const auto messages = ReadReplies(bytes);
  ASSERT_THAT(messages, IsOk());
  std::vector<bool> acks;
  std::uint32_t sequence = 1;
  for (const NlReply& message : *messages) {
    nlmsghdr header;
    std::memcpy(&header, message.bytes.data(), sizeof(header));
    EXPECT_EQ(header.nlmsg_seq, sequence++);
    acks.push_back((header.nlmsg_flags & NLM_F_ACK) != 0);
  }
  EXPECT_EQ(std::count(acks.begin(), acks.end(), true), 1);
  EXPECT_TRUE(acks[acks.size() - 2]);
}

}  // namespace
}  // namespace faultline
