// Every way in which the kernel's answer can be late, lost or broken, by a scripted transport.

#include "agent/kernel/nl_conversation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/kernel/nft_chain.h"
#include "agent/kernel/nft_object.h"
#include "agent/kernel/nft_query.h"
#include "tests/support/matchers.h"
#include "tests/unit/kernel/scripted_transport.h"

namespace faultline {
namespace {

using testing::Ack;
using ::testing::AllOf;
using testing::Bytes;
using ::testing::Each;
using ::testing::Ge;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Lt;
using testing::Plain;
using testing::ScriptedTransport;
using testing::StatusIs;
using testing::operator+;

constexpr TableId kTable{.name = "t"};

class NlConversationTest : public ::testing::Test {
 protected:
  NlConversationTest() {
    auto transport = std::make_unique<ScriptedTransport>();
    script_ = transport.get();
    conversation_.emplace(std::move(transport));
  }

  // A batch of three operations: its frame has number 1, the operations 2 to 4.
  absl::Status Commit() {
    NftBatch batch(conversation_->next_sequence());
    AddTable(batch, NftVerb::kCreate, kTable, /*owned=*/false);
    AddChain(batch, NftVerb::kCreate, kTable, "c");
    AddChain(batch, NftVerb::kDelete, kTable, "c");
    return batch.Commit(*conversation_);
  }

  void Answer(Bytes bytes) { script_->replies.push_back({.bytes = std::move(bytes)}); }
  void Fail(int error) { script_->replies.push_back({.error = error}); }

  ScriptedTransport* script_;
  std::optional<NlConversation> conversation_;
};

TEST_F(NlConversationTest, AnAcknowledgementIsOk) {
  Answer(Ack(4));
  EXPECT_THAT(Commit(), IsOk());
  EXPECT_EQ(script_->sent.size(), 1u);
  EXPECT_GT(conversation_->next_sequence(), 5u);
}

TEST_F(NlConversationTest, AnEmptyBatchIsNotSent) {
  EXPECT_THAT(NftBatch(1).Commit(*conversation_), IsOk());
  EXPECT_TRUE(script_->sent.empty());
}

TEST_F(NlConversationTest, AnErrorNamesItsOperation) {
  Answer(Ack(3, EEXIST, "chain exists"));
  Answer(Ack(4));
  EXPECT_THAT(Commit(), StatusIs(absl::StatusCode::kAlreadyExists, "add chain c: chain exists: File exists"));
}

TEST_F(NlConversationTest, TheFirstOfManyErrorsIsToldAndTheOthersCounted) {
  Answer(Ack(2, EPERM) + Ack(3, ENOENT));
  Answer(Ack(4, ENOENT));
  EXPECT_THAT(Commit(), StatusIs(absl::StatusCode::kPermissionDenied,
                                 AllOf(HasSubstr("add table t"), HasSubstr("2 more refused"))));
}

TEST_F(NlConversationTest, ALateAnswerToAnEarlierBatchIsPassedOver) {
  Fail(EAGAIN);
  EXPECT_THAT(Commit(), StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("add table t (batch of 3)")));
  const std::uint32_t second = conversation_->next_sequence();
  Answer(Ack(4, ENOENT));
  Answer(Ack(second + 3));
  EXPECT_THAT(Commit(), IsOk());
  EXPECT_THAT(script_->replies, ::testing::IsEmpty());
}

TEST_F(NlConversationTest, InterruptedCallsAreRepeated) {
  script_->sends = {EINTR, EINTR, 0};
  Fail(EINTR);
  Fail(EINTR);
  Answer(Ack(4));
  EXPECT_THAT(Commit(), IsOk());
  EXPECT_EQ(script_->sent.size(), 1u);
}

TEST_F(NlConversationTest, ASendThatFailsIsTold) {
  script_->sends = {ENOBUFS};
  EXPECT_THAT(Commit(), StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("send to the kernel")));
}

// The kernel tells the loss first; what came before it is still in the buffer.
TEST_F(NlConversationTest, AfterALossTheAnswerMayStillBeThere) {
  Fail(ENOBUFS);
  Answer(Ack(4));
  EXPECT_THAT(Commit(), IsOk());
}

TEST_F(NlConversationTest, ALostAnswerIsNotWaitedFor) {
  Fail(ENOBUFS);
  EXPECT_THAT(Commit(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("lost")));
  EXPECT_EQ(script_->timeouts.back(), Duration(0));
}

TEST_F(NlConversationTest, ARefusalBeforeALossIsCertain) {
  Fail(ENOBUFS);
  Answer(Ack(3, EEXIST));
  EXPECT_THAT(Commit(), StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("add chain c")));
}

TEST_F(NlConversationTest, NoAnswerEndsByTheDeadline) {
  EXPECT_THAT(Commit(), StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("10s")));
  EXPECT_EQ(script_->timeouts.front(), NlConversation::kAnswerTimeout);
}

TEST_F(NlConversationTest, ABrokenAnswerIsTold) {
  for (const Bytes& broken : {Bytes{1, 2, 3}, Bytes(16, 0xff), Bytes(64, 0), Plain(NLMSG_OVERRUN, 4)}) {
    script_->replies.clear();
    Answer(broken);
    EXPECT_THAT(Commit(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("add table t")));
  }
}

TEST_F(NlConversationTest, AnAnswerLargerThanTheBufferIsTold) {
  Answer(Bytes(1 << 20, 0));
  EXPECT_THAT(Commit(), ::testing::Not(IsOk()));
}

TEST_F(NlConversationTest, ARefusedFrameNamesTheBatch) {
  Answer(Ack(1, EPERM));
  EXPECT_THAT(Commit(), StatusIs(absl::StatusCode::kPermissionDenied,
                                 "commit of 3 operations beginning with add table t: Operation not permitted"));
}

TEST_F(NlConversationTest, AMissingSubsystemNamesTheModule) {
  Answer(Ack(1, EOPNOTSUPP));
  EXPECT_THAT(Commit(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("modprobe nf_tables")));
}

TEST_F(NlConversationTest, SequenceNumbersAreNeverZeroAndWrap) {
  EXPECT_EQ(conversation_->next_sequence(), 1u);
  const auto ignore = [](std::span<const std::uint8_t>) { return absl::OkStatus(); };
  Answer(Ack(0x7fffffff));
  EXPECT_THAT(conversation_->Query(Plain(0, 0), 0x7fffffff, "ask", ignore), IsOk());
  EXPECT_EQ(conversation_->next_sequence(), 1u);
}

// A rule of chain "c" in table "t" with a counter, as a dump gives it.
Bytes DumpedRule(std::uint32_t sequence, std::uint64_t packets, std::uint16_t flags) {
  alignas(nlmsghdr) char buffer[1024];
  const NftRule rule(nftnl_rule_alloc());
  nftnl_rule_set_str(rule.get(), NFTNL_RULE_TABLE, "t");
  nftnl_rule_set_str(rule.get(), NFTNL_RULE_CHAIN, "c");
  nftnl_expr* counter = nftnl_expr_alloc("counter");
  nftnl_expr_set_u64(counter, NFTNL_EXPR_CTR_PACKETS, packets);
  nftnl_expr_set_u64(counter, NFTNL_EXPR_CTR_BYTES, packets * 100);
  nftnl_rule_add_expr(rule.get(), counter);
  nlmsghdr* message = nftnl_nlmsg_build_hdr(buffer, NFT_MSG_NEWRULE, NFPROTO_NETDEV, flags, sequence);
  nftnl_rule_nlmsg_build_payload(message, rule.get());
  return Bytes(buffer, buffer + message->nlmsg_len);
}

TEST_F(NlConversationTest, CountersAreSummedByChain) {
  Answer(DumpedRule(1, 5, NLM_F_MULTI) + DumpedRule(1, 7, NLM_F_MULTI));
  Answer(Plain(NLMSG_DONE, 1));
  const auto counters = ReadChainCounters(*conversation_, kTable);
  ASSERT_THAT(counters, IsOk());
  ASSERT_EQ(counters->size(), 1u);
  EXPECT_EQ(counters->at("c").packets, 12u);
  EXPECT_EQ(counters->at("c").bytes, 1200u);
}

TEST_F(NlConversationTest, ADisturbedDumpIsAskedForAgain) {
  Answer(DumpedRule(1, 5, NLM_F_MULTI | NLM_F_DUMP_INTR) + Plain(NLMSG_DONE, 1));
  Answer(DumpedRule(2, 6, NLM_F_MULTI) + Plain(NLMSG_DONE, 2));
  const auto counters = ReadChainCounters(*conversation_, kTable);
  ASSERT_THAT(counters, IsOk());
  EXPECT_EQ(counters->at("c").packets, 6u);
}

TEST_F(NlConversationTest, ADumpDisturbedForeverIsGivenUp) {
  for (std::uint32_t sequence = 1; sequence < 100; ++sequence) {
    Answer(Plain(NLMSG_DONE, sequence, NLM_F_DUMP_INTR));
  }
  EXPECT_THAT(ReadChainCounters(*conversation_, kTable), StatusIs(absl::StatusCode::kAborted, HasSubstr("list rules")));
  EXPECT_THAT(script_->sent.size(), AllOf(Ge(2u), Lt(20u)));
}

TEST_F(NlConversationTest, PartOfADumpIsNotTakenForTheWhole) {
  Fail(ENOBUFS);
  Answer(DumpedRule(1, 5, NLM_F_MULTI) + Plain(NLMSG_DONE, 1));
  EXPECT_THAT(ReadChainCounters(*conversation_, kTable), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("lost")));
}

TEST_F(NlConversationTest, ContentThatIsNotARuleIsTold) {
  Answer(Plain(0x0a06, 1, NLM_F_MULTI) + Plain(NLMSG_DONE, 1));
  EXPECT_THAT(ReadChainCounters(*conversation_, kTable),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("not a rule")));
  Answer(Plain(0x0a03, 2, NLM_F_MULTI) + Plain(NLMSG_DONE, 2));
  EXPECT_THAT(ReadChainCounters(*conversation_, kTable),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("not a rule")));
}

TEST_F(NlConversationTest, FindTableTellsNoneFromError) {
  Answer(Ack(1, ENOENT));
  const auto none = FindTable(*conversation_, kTable);
  ASSERT_THAT(none, IsOk());
  EXPECT_FALSE(none->has_value());
  Answer(Ack(2, EPERM));
  EXPECT_THAT(FindTable(*conversation_, kTable),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("table netdev t")));
}

}  // namespace
}  // namespace faultline
