#include "agent/kernel/nl_reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/support/matchers.h"
#include "tests/unit/kernel/scripted_transport.h"

namespace faultline {
namespace {

using ::testing::_;
using testing::Ack;
using testing::Bytes;
using testing::IsOk;
using testing::Plain;
using testing::StatusIs;
using testing::operator+;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(NlReplyTest, ReadsAnAcknowledgement) {
  const Bytes bytes = Ack(7);
  const auto replies = ReadReplies(bytes);
  ASSERT_THAT(replies, IsOk());
  ASSERT_EQ(replies->size(), 1u);
  EXPECT_EQ((*replies)[0].kind, NlReply::Kind::kAck);
  EXPECT_EQ((*replies)[0].sequence, 7u);
  EXPECT_EQ((*replies)[0].error, 0);
}

TEST(NlReplyTest, ReadsARefusalWithTheKernelsWords) {
  const auto replies = ReadReplies(Ack(7, ENOENT, "no such set"));
  ASSERT_THAT(replies, IsOk());
  EXPECT_EQ((*replies)[0].error, ENOENT);
  EXPECT_EQ((*replies)[0].text, "no such set");
}

// Captured from Linux 6.18: `nft delete table netdev nosuch`, refused by ENOENT with the offset of the name.
TEST(NlReplyTest, ReadsACapturedRefusal) {
  const Bytes bytes = {0x2c, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x03, 0x02, 0x00, 0x00, 0x00, 0x08, 0x67, 0x00,
                       0x00, 0xfe, 0xff, 0xff, 0xff, 0x20, 0x00, 0x00, 0x00, 0x02, 0x0a, 0x05, 0x00, 0x02, 0x00,
                       0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x08, 0x00, 0x02, 0x00, 0x14, 0x00, 0x00, 0x00};
  const auto replies = ReadReplies(bytes);
  ASSERT_THAT(replies, IsOk());
  ASSERT_EQ(replies->size(), 1u);
  EXPECT_EQ((*replies)[0].kind, NlReply::Kind::kAck);
  EXPECT_EQ((*replies)[0].sequence, 2u);
  EXPECT_EQ((*replies)[0].error, ENOENT);
  EXPECT_EQ((*replies)[0].text, "");
}

TEST(NlReplyTest, ReadsManyMessagesOfOneDatagram) {
  const Bytes bytes =
      Plain(0x0a06, 5, NLM_F_MULTI) + Plain(NLMSG_NOOP, 5) + Ack(5, EPERM) + Plain(NLMSG_DONE, 6, NLM_F_DUMP_INTR);
  const auto replies = ReadReplies(bytes);
  ASSERT_THAT(replies, IsOk());
  ASSERT_EQ(replies->size(), 3u);
  EXPECT_EQ((*replies)[0].kind, NlReply::Kind::kContent);
  EXPECT_EQ((*replies)[0].bytes.size(), 20u);
  EXPECT_EQ((*replies)[1].error, EPERM);
  EXPECT_EQ((*replies)[2].kind, NlReply::Kind::kDone);
  EXPECT_TRUE((*replies)[2].interrupted);
  EXPECT_EQ((*replies)[2].sequence, 6u);
}

TEST(NlReplyTest, WorksAtAnyAlignment) {
  Bytes shifted = {0};
  shifted = shifted + Ack(9, EINVAL, "why");
  const auto replies = ReadReplies(std::span(shifted).subspan(1));
  ASSERT_THAT(replies, IsOk());
  EXPECT_EQ((*replies)[0].text, "why");
}

TEST(NlReplyTest, EveryCutIsRefusedOrHarmless) {
  const Bytes whole = Ack(9, EINVAL, "why");
  EXPECT_TRUE(ReadReplies({})->empty());
  for (std::size_t size = 1; size < whole.size(); ++size) {
    EXPECT_THAT(ReadReplies(std::span(whole).first(size)), StatusIs(kInvalid, _)) << size;
  }
}

TEST(NlReplyTest, RefusesLengthsThatCannotBe) {
  Bytes bytes = Ack(9);
  bytes[0] = 15;
  EXPECT_THAT(ReadReplies(bytes), StatusIs(kInvalid, _));
  bytes[0] = 255;
  EXPECT_THAT(ReadReplies(bytes), StatusIs(kInvalid, _));
}

TEST(NlReplyTest, RefusesAnErrnoThatCannotBe) {
  for (const int error : {-5, 4096, std::numeric_limits<int>::max()}) {
    EXPECT_THAT(ReadReplies(Ack(9, error)), StatusIs(kInvalid, _)) << error;
  }
  Bytes lowest = Ack(9);
  const int value = std::numeric_limits<int>::min();
  std::memcpy(lowest.data() + NLMSG_HDRLEN, &value, sizeof(value));
  EXPECT_THAT(ReadReplies(lowest), StatusIs(kInvalid, _));
}

TEST(NlReplyTest, PassesOverMalformedAttributes) {
  Bytes bytes = Ack(9, EINVAL, "why");
  bytes[NLMSG_HDRLEN + sizeof(int) + sizeof(nlmsghdr)] = 200;
  const auto replies = ReadReplies(bytes);
  ASSERT_THAT(replies, IsOk());
  EXPECT_EQ((*replies)[0].error, EINVAL);
  EXPECT_EQ((*replies)[0].text, "");
}

TEST(NlReplyTest, SaysWhenTheKernelLostSome) {
  EXPECT_THAT(ReadReplies(Plain(NLMSG_OVERRUN, 1)), StatusIs(absl::StatusCode::kDataLoss, _));
}

}  // namespace
}  // namespace faultline
