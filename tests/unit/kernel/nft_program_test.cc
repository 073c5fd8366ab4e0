// Programs and gate switches as batches, read back message by message.

#include "agent/kernel/nft_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/kernel/nft_names.h"
#include "agent/kernel/nft_object.h"
#include "agent/kernel/nl_reply.h"
#include "tests/support/matchers.h"

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
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::Le;
using ::testing::Not;
using testing::StatusIs;

PrefixSet Set(std::initializer_list<const char*> texts) {
  std::vector<Prefix> prefixes;
  for (const char* text : texts) prefixes.push_back(*Prefix::Parse(text));
  return PrefixSet(std::move(prefixes));
}

Program Split() {
  Program program{.run = RunId("r"), .devices = {"eth0"}};
  program.prefix_sets = {Set({"172.32.0.0/16"}), Set({"172.33.0.0/16", "fd21::/48"})};
  program.steps = {{.index = 3, .ingress_drop = {{.sources = 1}}}};
  return program;
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

TEST(NftNamesTest, BeginWithALetterAndNeverMeet) {
  EXPECT_EQ(BaseChainName(RunId("r"), Direction::kIngress), "r/in");
  EXPECT_EQ(StepChainName(RunId("r"), 12, Direction::kEgress), "r/s12/out");
  EXPECT_EQ(GateName(RunId("2024"), 0), "_2024/g0");
  EXPECT_EQ(PrefixSetName(RunId("r"), 4, Family::kIpv6), "r/p4/v6");
  EXPECT_NE(BaseChainName(RunId("a.s1"), Direction::kIngress), StepChainName(RunId("a"), 1, Direction::kIngress));
}

TEST(NftProgramTest, ElementsAreSplitByTheThousand) {
  Program program = Split();
  std::vector<Prefix> prefixes;
  for (int i = 0; i < 2500; ++i) {
    const std::uint8_t bytes[] = {10, static_cast<std::uint8_t>(i >> 7), static_cast<std::uint8_t>(i << 1), 0};
    prefixes.push_back(*Prefix::Containing(IpAddress(bytes), 24));
  }
  program.prefix_sets[1] = PrefixSet(std::move(prefixes));
  NftBatch batch(1);
  AddInstall(batch, program, 0);
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
  NftBatch batch(1);
  AddInstall(batch, program, 0);
  int total = 0;
  for (const auto& message : Messages(batch, NFT_MSG_NEWSETELEM)) {
    EXPECT_LT(message.size(), 65536u);
    const Elements elements = ReadElements(message);
    if (elements.set == "r/p1/v6") total += elements.count;
  }
  EXPECT_EQ(total, 2001);
}

TEST(NftProgramTest, OnlyFamiliesThatARuleUsesHaveSets) {
  EXPECT_THAT(ObjectsOf(Split()).sets, ElementsAre("r/g3", "r/p1/v4", "r/p1/v6"));
  Program program = Split();
  program.steps[0].ingress_drop[0].destinations = 0;
  EXPECT_THAT(ObjectsOf(program).sets, ElementsAre("r/g3", "r/p0/v4", "r/p1/v4"));
}

TEST(NftProgramTest, AMatchWithoutACommonFamilyHasNoRule) {
  Program program = Split();
  program.prefix_sets[1] = Set({"fd21::/48"});
  program.steps[0].ingress_drop[0].destinations = 0;
  EXPECT_TRUE(ObjectsOf(program).empty());
  EXPECT_THAT(ObjectsOf(program).gated, IsEmpty());
}

TEST(NftProgramTest, AnExceptionOfAnotherFamilyIsNoCondition) {
  Program program = Split();
  program.steps = {{.index = 3, .egress_blackhole = {{.destinations = 1, .except_destinations = 0}}}};
  EXPECT_THAT(ObjectsOf(program).sets, ElementsAre("r/g3", "r/p0/v4", "r/p1/v4", "r/p1/v6"));
  NftBatch batch(1);
  AddInstall(batch, program, 7);
  EXPECT_THAT(ObjectsOf(program).base_chains, ElementsAre("r/out"));
}

TEST(NftProgramTest, ChecksPrograms) {
  EXPECT_THAT(CheckProgram(Split()), IsOk());
  const auto refused = [](const char* why) { return StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(why)); };
  Program program = Split();
  program.run = RunId("a/b");
  EXPECT_THAT(CheckProgram(program), refused("run id"));
  program = Split();
  program.devices.clear();
  EXPECT_THAT(CheckProgram(program), refused("no device"));
  program.devices = {"eth0", "lo"};
  EXPECT_THAT(CheckProgram(program), refused("loopback"));
  program = Split();
  program.steps.push_back(program.steps[0]);
  EXPECT_THAT(CheckProgram(program), refused("step 3 comes twice"));
  program = Split();
  program.steps[0].ingress_drop[0].except_destinations = 2;
  EXPECT_THAT(CheckProgram(program), refused("step 3: prefix set 2 does not exist"));
  program.steps[0].ingress_drop[0] = {.except_destinations = 0};
  EXPECT_THAT(CheckProgram(program), refused("neither sources nor destinations"));
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
  NftBatch batch(1);
  AddInstall(batch, Split(), 0);
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
