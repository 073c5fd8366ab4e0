#include "agent/kernel/take_picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matchers.h"
#include "tests/unit/kernel/scripted_transport.h"

namespace faultline {
namespace {

using ::faultline::testing::Bytes;
using ::faultline::testing::IsOk;
using ::faultline::testing::Plain;
using ::faultline::testing::ScriptedTransport;
using ::faultline::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::size_t kNetfilterDumps = 4;
constexpr std::size_t kRoutingDumps = 2;

// The end of the dump with this number, of which nothing came before.
Bytes Nothing(std::uint32_t sequence, std::uint16_t flags = 0) {
  return Plain(NLMSG_DONE, sequence, NLM_F_MULTI | flags);
}

class TakePictureTest : public ::testing::Test {
 protected:
  static NlConversation Script(ScriptedTransport*& script) {
    auto transport = std::make_unique<ScriptedTransport>();
    script = transport.get();
    return NlConversation(std::move(transport));
  }
  static void AnswerNothing(ScriptedTransport& script, std::uint32_t first, std::size_t count) {
    for (std::uint32_t i = 0; i < count; ++i) script.replies.push_back({.bytes = Nothing(first + i)});
  }

  ScriptedTransport* netfilter_script_ = nullptr;
  ScriptedTransport* routing_script_ = nullptr;
  NlConversation netfilter_ = Script(netfilter_script_);
  NlConversation routing_ = Script(routing_script_);
};

TEST_F(TakePictureTest, AsksForEachKindOnce) {
  AnswerNothing(*netfilter_script_, 1, kNetfilterDumps);
  AnswerNothing(*routing_script_, 1, kRoutingDumps);
  const auto picture = TakePicture(netfilter_, routing_);
  ASSERT_THAT(picture, IsOk());
  EXPECT_THAT(picture->things, IsEmpty());
  EXPECT_THAT(netfilter_script_->sent, SizeIs(kNetfilterDumps));
  EXPECT_THAT(routing_script_->sent, SizeIs(kRoutingDumps));
}

TEST_F(TakePictureTest, WhatChangesDisturbedIsTakenAgainFromTheBeginning) {
  AnswerNothing(*netfilter_script_, 1, 2);
  netfilter_script_->replies.push_back({.bytes = Nothing(3, NLM_F_DUMP_INTR)});
  AnswerNothing(*netfilter_script_, 4, kNetfilterDumps);
  AnswerNothing(*routing_script_, 1, kRoutingDumps);
  EXPECT_THAT(TakePicture(netfilter_, routing_), IsOk());
  EXPECT_THAT(netfilter_script_->sent, SizeIs(3 + kNetfilterDumps));
}

TEST_F(TakePictureTest, GivesUpWhenEveryTryIsDisturbed) {
  for (std::uint32_t i = 1; i <= 20; ++i) {
    netfilter_script_->replies.push_back({.bytes = Nothing(i, NLM_F_DUMP_INTR)});
  }
  EXPECT_THAT(TakePicture(netfilter_, routing_), StatusIs(absl::StatusCode::kAborted, HasSubstr("changed meanwhile")));
  EXPECT_THAT(netfilter_script_->sent, SizeIs(5));
  EXPECT_THAT(routing_script_->sent, IsEmpty());
}

TEST_F(TakePictureTest, TheKernelsRefusalIsTold) {
  netfilter_script_->replies.push_back({.bytes = testing::Ack(1, EPERM)});
  EXPECT_THAT(TakePicture(netfilter_, routing_),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("look at the kernel's state")));
}

}  // namespace
}  // namespace faultline
