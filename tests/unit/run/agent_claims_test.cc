#include "controller/run/agent_claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "common/timeline_codec.h"
#include "controller/run/waits.h"
#include "tests/unit/run/coordinator_harness.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr ControllerTime kNow{seconds(1000)};

bool IsLondon(const std::string& name) { return name == "lon-1"; }

v1::Observation Seen(const std::string& peer, ControllerTime start) {
  v1::Observation observation;
  v1::ProbeWindow& window = *observation.add_windows();
  window.set_peer(peer);
  *window.mutable_start() = EncodeDuration(start.time_since_epoch());
  return observation;
}

std::string Error(const absl::Status& status) { return std::string(status.message()); }

TEST(AgentClaimsTest, NothingIsSeenAheadOfNow) {
  EXPECT_TRUE(CheckObservation(Seen("lon-1", kNow + kMostAhead), kNow, IsLondon).ok());
  EXPECT_THAT(Error(CheckObservation(Seen("lon-1", kNow + seconds(61)), kNow, IsLondon)), HasSubstr("lies 1m1s ahead"));
  v1::Observation until = Seen("lon-1", kNow);
  *until.mutable_until() = EncodeDuration(seconds(5000));
  EXPECT_THAT(Error(CheckObservation(until, kNow, IsLondon)), HasSubstr("ahead"));
  v1::Observation tcp;
  tcp.add_tcp_windows()->set_peer("lon-1");
  EXPECT_TRUE(CheckObservation(tcp, kNow, IsLondon).ok());
  *tcp.mutable_tcp_windows(0)->mutable_start() = EncodeDuration(seconds(2000));
  EXPECT_FALSE(CheckObservation(tcp, kNow, IsLondon).ok());
}

TEST(AgentClaimsTest, NodesThatDoNotExistAreNotSeen) {
  EXPECT_THAT(Error(CheckObservation(Seen("par-9", kNow), kNow, IsLondon)), HasSubstr("does not exist"));
}

TEST(AgentClaimsTest, MessagesAndTextsAreBounded) {
  v1::SessionRequest message;
  message.mutable_refused()->set_reason(std::string(kLargestWord - 100, 'x'));
  EXPECT_TRUE(CheckSize(message).ok());
  message.mutable_refused()->set_reason(std::string(kLargestWord, 'x'));
  EXPECT_THAT(Error(CheckSize(message)), HasSubstr("at most 262144 are taken"));
  message.mutable_observation()->add_windows()->set_peer(std::string(kLargestWord, 'x'));
  EXPECT_TRUE(CheckSize(message).ok());

  const std::string longest(256, 'x');
  const std::vector<std::function<void(v1::NodeInfo&, const std::string&)>> setters = {
      [](auto& info, const auto& text) { (*info.mutable_labels())["az"] = text; },
      [](auto& info, const auto& text) { (*info.mutable_labels())[text] = "a"; },
      [](auto& info, const auto& text) { info.add_addresses()->set_interface(text); },
      [](auto& info, const auto& text) { info.set_agent_version(text); },
      [](auto& info, const auto& text) { info.mutable_capabilities()->set_kernel_release(text); },
      [](auto& info, const auto& text) { info.mutable_capabilities()->set_os_id(text); },
      [](auto& info, const auto& text) { info.mutable_capabilities()->set_os_like(text); }};
  for (const auto& set : setters) {
    v1::NodeInfo info;
    set(info, longest);
    EXPECT_TRUE(CheckNode(info).ok()) << info.ShortDebugString();
    set(info, longest + "x");
    EXPECT_THAT(Error(CheckNode(info)), HasSubstr("of 257 bytes; at most 256 are taken")) << info.ShortDebugString();
  }
  v1::NodeInfo info;
  for (int i = 0; i < 4097; ++i) info.add_addresses();
  EXPECT_THAT(Error(CheckNode(info)), HasSubstr("too many"));
}

TEST(AgentClaimsTest, WhatEc2IsToHaveSaidIsBounded) {
  v1::NodeInfo info;
  v1::Ec2Identity& ec2 = *info.mutable_ec2();
  ec2.set_instance_id("i-0123456789abcdef0");
  ec2.set_instance_type("m7g.large");
  ec2.set_region("eu-west-2");
  ec2.set_availability_zone("eu-west-2a");
  ec2.set_vpc_id("vpc-0a");
  ec2.set_subnet_id("subnet-0a");
  ec2.add_vpc_cidrs("fd20::/56");
  v1::Ec2Interface& interface = *ec2.add_interfaces();
  interface.set_id("eni-0a");
  interface.set_mac("0a:ff:00:11:22:33");
  interface.set_subnet_id("subnet-0a");
  interface.add_addresses("172.32.4.2");
  ASSERT_TRUE(CheckNode(info).ok());

  using Text = std::string*;
  const std::vector<std::function<Text(v1::Ec2Identity&)>> texts = {
      [](auto& it) { return it.mutable_instance_id(); },
      [](auto& it) { return it.mutable_instance_type(); },
      [](auto& it) { return it.mutable_region(); },
      [](auto& it) { return it.mutable_availability_zone(); },
      [](auto& it) { return it.mutable_vpc_id(); },
      [](auto& it) { return it.mutable_subnet_id(); },
      [](auto& it) { return it.mutable_vpc_cidrs(0); },
      [](auto& it) { return it.mutable_interfaces(0)->mutable_id(); },
      [](auto& it) { return it.mutable_interfaces(0)->mutable_mac(); },
      [](auto& it) { return it.mutable_interfaces(0)->mutable_subnet_id(); },
      [](auto& it) { return it.mutable_interfaces(0)->mutable_addresses(0); }};
  for (const auto& text : texts) {
    for (const std::string& lie : {std::string(65, 'x'), std::string("\x1b[2J"), std::string("a b")}) {
      v1::NodeInfo liar = info;
      *text(*liar.mutable_ec2()) = lie;
      EXPECT_FALSE(CheckNode(liar).ok()) << liar.ShortDebugString();
    }
  }
  const std::vector<std::function<void(v1::Ec2Identity&)>> floods = {
      [](auto& it) {
        for (int i = 0; i < 64; ++i) it.add_interfaces();
      },
      [](auto& it) {
        for (int i = 0; i < 128; ++i) it.add_vpc_cidrs("10.0.0.0/8");
      },
      [](auto& it) {
        for (int i = 0; i < 4096; ++i) it.mutable_interfaces(0)->add_addresses("10.0.0.1");
      }};
  for (const auto& flood : floods) {
    v1::NodeInfo liar = info;
    flood(*liar.mutable_ec2());
    EXPECT_THAT(Error(CheckNode(liar)), HasSubstr("too many interfaces, addresses or CIDR blocks of EC2"));
  }
}

class LiarTest : public CoordinatorTest {
 protected:
  ControllerTime Now() const { return ControllerTime(clock_.Now().time_since_epoch()); }
  std::uint32_t SentBy(const FakeAgent& agent) {
    return probes_
        .Sum({.from = agent.name(), .to = london_.name(), .family = Family::kIpv4}, ControllerTime(),
             Now() + seconds(100))
        .sent;
  }
  v1::Observation Sent(ControllerTime start) {
    v1::Observation observation = Seen("lon-1", start);
    observation.mutable_windows(0)->set_family(v1::FAMILY_IPV4);
    observation.mutable_windows(0)->set_sent(1);
    return observation;
  }
};

TEST_F(LiarTest, WhatCannotBeIsPassedOverAndToldOnce) {
  for (int i = 0; i < 3; ++i) coordinator_->OnObservation(paris_.name(), Sent(Now() + seconds(90)));
  EXPECT_EQ(SentBy(paris_), 0u);
  EXPECT_THAT(events_.Texts(v1::EVENT_KIND_OBSERVATIONS_DROPPED),
              ElementsAre("they are not to be believed: what it saw lies 1m30s ahead"));
  coordinator_->OnObservation(paris_.name(), Sent(Now()));
  EXPECT_EQ(SentBy(paris_), 1u);
}

TEST_F(LiarTest, WhoFloodsIsHeardOnlyAsFarAsAnyNodeCanSee) {
  v1::Observation many;
  for (int i = 0; i < 100'000; ++i) *many.add_windows() = Sent(Now() - milliseconds(100)).windows(0);
  for (int i = 0; i < 6; ++i) coordinator_->OnObservation(paris_.name(), many);
  EXPECT_THAT(events_.Of(v1::EVENT_KIND_OBSERVATIONS_DROPPED), IsEmpty());
  for (int i = 0; i < 3; ++i) coordinator_->OnObservation(paris_.name(), many);
  EXPECT_EQ(SentBy(paris_), 600'000u);
  EXPECT_THAT(events_.Texts(v1::EVENT_KIND_OBSERVATIONS_DROPPED),
              ElementsAre(HasSubstr("it tells more than any node can see")));
  // An honest node is heard all the same.
  v1::Observation honest = Seen("par-1", Now());
  honest.mutable_windows(0)->set_family(v1::FAMILY_IPV4);
  honest.mutable_windows(0)->set_sent(1);
  coordinator_->OnObservation(london_.name(), honest);
  EXPECT_EQ(events_.Of(v1::EVENT_KIND_OBSERVATIONS_DROPPED).size(), 1u);
}

TEST_F(LiarTest, AnswersThatComeTwiceOrOfOthersRunsChangeNothing) {
  const std::string id = Begin();
  for (int i = 0; i < 3; ++i) paris_.AnswerArmed(*coordinator_, id);
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_ARMING);
  paris_.AnswerArmed(*coordinator_, "split-99");
  paris_.AnswerRefused(*coordinator_, "split-99", "no");
  london_.AnswerArmed(*coordinator_, id);
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_RUNNING);
  paris_.AnswerArmed(*coordinator_, id);
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_RUNNING);
}

TEST_F(LiarTest, WhoNeverAnswersEndsTheRunAndNothingElse) {
  const std::string id = Begin();
  london_.AnswerArmed(*coordinator_, id);
  Pass(seconds(11));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_REFUSED);
  EXPECT_THAT(Get(id).summary(), HasSubstr("par-1"));
  // What it holds is over with its lease.
  london_.ReportEnd(*coordinator_, id, v1::NODE_END_RELEASED);
  Pass(seconds(15) + kGivingUpAfterLease);
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_ENDED);
  EXPECT_NE(Begin(), "");
}

TEST(AgentClaimsTest, WhatANodeFindsOfItselfIsBounded) {
  v1::Examination examination;
  for (int i = 0; i < 200; ++i) {
    v1::Finding& finding = *examination.add_findings();
    finding.set_subject("egress-hook");
    finding.set_detail(std::string(2000, 'x'));
    finding.set_mend(std::string(2000, 'x'));
  }
  EXPECT_TRUE(CheckExamination(examination).ok());
  examination.add_findings()->set_subject("one-more");
  EXPECT_THAT(Error(CheckExamination(examination)), HasSubstr("201 findings; at most 200 are taken"));
  for (const char* subject : {"", "Kernel", "a b", "a\x1b", "k\xc3\xa9"}) {
    v1::Examination other;
    other.add_findings()->set_subject(subject);
    EXPECT_THAT(Error(CheckExamination(other)), HasSubstr("subject is none")) << subject;
  }
  v1::Examination mend;
  mend.add_findings()->set_subject("a");
  mend.mutable_findings(0)->set_mend(std::string(2001, 'x'));
  EXPECT_THAT(Error(CheckExamination(mend)), HasSubstr("more than 2000 bytes"));
}

}  // namespace
}  // namespace faultline
