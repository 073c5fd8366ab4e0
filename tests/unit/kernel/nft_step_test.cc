// The rules of each kind of fault and each part of a filter, in nft's words.

#include "agent/kernel/nft_step.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/kernel/nft_program.h"
#include "tests/unit/kernel/programs.h"

namespace faultline {
namespace {

using testing::Delay;
using ::testing::ElementsAre;
using testing::kFromParis;
using testing::kToParis;
using testing::Loss;
using testing::MakeProgram;
using testing::Rate;
using testing::RuleTexts;
using testing::StepBatch;

// The rules of one step of the effect, with the filter.
std::vector<std::string> Incoming(const PacketFilter& filter, Effect effect = Drop()) {
  return RuleTexts(
      StepBatch(MakeProgram({{.index = 0, .effect = std::move(effect), .filter = filter, .incoming = {kFromParis}}})));
}

std::vector<std::string> Outgoing(const PacketFilter& filter, Effect effect = Drop()) {
  return RuleTexts(
      StepBatch(MakeProgram({{.index = 0, .effect = std::move(effect), .filter = filter, .outgoing = {kToParis}}})));
}

TEST(NftStepTest, Drop) {
  EXPECT_THAT(Incoming({}),
              ElementsAre("r/s0/in: ip saddr @r/p1/v4 counter drop", "r/s0/in: ip6 saddr @r/p1/v6 counter drop"));
  EXPECT_THAT(Outgoing({}), ElementsAre("r/s0/out: ip daddr @r/p1/v4 counter fwd to \"fl0\"",
                                        "r/s0/out: ip6 daddr @r/p1/v6 counter fwd to \"fl0\""));
}

TEST(NftStepTest, ByClsactAPacketIsGivenItsLanesPriority) {
  Program program = MakeProgram({{.index = 0, .outgoing = {{.destinations = 0}}},
                                 {.index = 1, .effect = Rate(1000), .outgoing = {{.destinations = 2}}}});
  program.egress_by_clsact = true;
  EXPECT_THAT(RuleTexts(StepBatch(program)),
              ElementsAre("inet r/s0/out: ip daddr @r/p0/v4 counter meta priority set fa17:0 accept",
                          "inet r/s1/out: ip daddr @r/p2/v4 counter meta priority set fa17:1 accept"));
}

TEST(NftStepTest, Addresses) {
  const Match match{.sources = 0, .destinations = 1, .except_destinations = 2};
  EXPECT_THAT(RuleTexts(StepBatch(MakeProgram({{.index = 0, .incoming = {match, kFromParis}}}))),
              ElementsAre("r/s0/in: ip saddr @r/p0/v4 ip daddr @r/p1/v4 ip daddr != @r/p2/v4 counter drop",
                          "r/s0/in: ip saddr @r/p1/v4 counter drop", "r/s0/in: ip6 saddr @r/p1/v6 counter drop"));
  // An exception of another family is no condition.
  EXPECT_THAT(RuleTexts(StepBatch(MakeProgram({{.index = 0, .incoming = {{.sources = 1, .except_destinations = 2}}}}))),
              ElementsAre("r/s0/in: ip saddr @r/p1/v4 ip daddr != @r/p2/v4 counter drop",
                          "r/s0/in: ip6 saddr @r/p1/v6 counter drop"));
}

TEST(NftStepTest, Reject) {
  EXPECT_THAT(
      Incoming({}, faultline::Reject()),
      ElementsAre(
          "inet r/s0/state: ip saddr @r/p1/v4 meta l4proto tcp counter reject with tcp reset",
          "inet r/s0/state: ip saddr @r/p1/v4 meta l4proto != tcp counter reject with icmpx admin-prohibited",
          "inet r/s0/state: ip6 saddr @r/p1/v6 meta l4proto tcp counter reject with tcp reset",
          "inet r/s0/state: ip6 saddr @r/p1/v6 meta l4proto != tcp counter reject with icmpx admin-prohibited"));
  EXPECT_THAT(Outgoing({.protocol = Protocol::kTcp}, faultline::Reject()),
              ElementsAre("inet r/s0/out: ip daddr @r/p1/v4 meta l4proto tcp counter reject with tcp reset",
                          "inet r/s0/out: ip6 daddr @r/p1/v6 meta l4proto tcp counter reject with tcp reset"));
  EXPECT_THAT(
      Incoming({.protocol = Protocol::kUdp, .destination_ports = {{53, 53}}}, faultline::Reject()),
      ElementsAre("inet r/s0/state: ip saddr @r/p1/v4 udp dport 53 counter reject with icmpx admin-prohibited",
                  "inet r/s0/state: ip6 saddr @r/p1/v6 udp dport 53 counter reject with icmpx admin-prohibited"));
  EXPECT_THAT(
      Incoming({.destination_ports = {{53, 54}}}, faultline::Reject()),
      ElementsAre(
          "inet r/s0/state: ip saddr @r/p1/v4 tcp dport 53-54 counter reject with tcp reset",
          "inet r/s0/state: ip saddr @r/p1/v4 meta l4proto { udp, sctp } th dport 53-54 counter reject with icmpx "
          "admin-prohibited",
          "inet r/s0/state: ip6 saddr @r/p1/v6 tcp dport 53-54 counter reject with tcp reset",
          "inet r/s0/state: ip6 saddr @r/p1/v6 meta l4proto { udp, sctp } th dport 53-54 counter reject with icmpx "
          "admin-prohibited"));
}

TEST(NftStepTest, RefusalsGoOutWherePacketsAreRefusedBothWays) {
  const Program program = MakeProgram({{.index = 0, .effect = faultline::Reject(), .incoming = {{.sources = 0}}},
                                       {.index = 1,
                                        .effect = faultline::Reject(),
                                        .filter = {.protocol = Protocol::kUdp},
                                        .outgoing = {{.destinations = 0}}}});
  EXPECT_THAT(
      RuleTexts(StepBatch(program)),
      ElementsAre("inet r/s0/state: ip saddr @r/p0/v4 meta l4proto tcp counter reject with tcp reset",
                  "inet r/s0/state: ip saddr @r/p0/v4 meta l4proto != tcp counter reject with icmpx admin-prohibited",
                  "inet r/s1/out: tcp flags rst return", "inet r/s1/out: icmp type destination-unreachable return",
                  "inet r/s1/out: icmpv6 type destination-unreachable return",
                  "inet r/s1/out: ip daddr @r/p0/v4 meta l4proto udp counter reject with icmpx admin-prohibited"));
}

TEST(NftStepTest, Impairment) {
  const Program program = MakeProgram({{.index = 0,
                                        .effect = Delay(std::chrono::seconds(1)),
                                        .incoming = {{.sources = 0}},
                                        .outgoing = {{.destinations = 0}}}});
  EXPECT_THAT(RuleTexts(StepBatch(program)), ElementsAre("r/s0/in: ip saddr @r/p0/v4 counter fwd to \"fl1\"",
                                                         "r/s0/out: ip daddr @r/p0/v4 counter fwd to \"fl2\""));
}

TEST(NftStepTest, LossByRule) {
  Program program = MakeProgram({{.index = 0, .effect = Rate(1000), .incoming = {{.sources = 2}}},
                                 {.index = 1, .effect = Loss(Ratio::Percent(10)), .incoming = {{.sources = 0}}}});
  program.steps[0].lane = LaneKind::kRate;
  program.steps[1].lane = LaneKind::kLossByRule;
  // Both ends' ports: whichever holds, a packet is drawn for once.
  program.steps[1].filter.either_ports = {{80, 80}};
  program.steps[1].filter.protocol = Protocol::kTcp;
  EXPECT_THAT(
      RuleTexts(StepBatch(program)),
      ElementsAre("r/s0/in: ip saddr @r/p2/v4 counter fwd to \"fl1\"", "inet r/s0/loss: ip saddr @r/p2/v4 accept",
                  "r/s1/in: ip saddr @r/p0/v4 tcp dport 80 counter fwd to \"fl2\"",
                  "r/s1/in: ip saddr @r/p0/v4 tcp sport 80 counter fwd to \"fl2\"", "inet r/s1/lost: counter drop",
                  "inet r/s1/draw: numgen random mod 1000000000 < 100000000 goto r/s1/lost", "inet r/s1/draw: accept",
                  "inet r/s1/loss: ip saddr @r/p0/v4 tcp dport 80 goto r/s1/draw",
                  "inet r/s1/loss: ip saddr @r/p0/v4 tcp sport 80 goto r/s1/draw"));
}

TEST(NftStepTest, AChangedShareLeavesTheCounter) {
  NftBatch batch(1);
  ChangeDraw(batch, RunId("r"), 1, Ratio::PartsPerBillion(5));
  EXPECT_THAT(batch.names(), ElementsAre("delete rules of chain inet r/s1/draw",
                                         "add rule inet r/s1/draw: numgen random mod 1000000000 < 5 goto r/s1/lost",
                                         "add rule inet r/s1/draw: accept"));
}

TEST(NftStepTest, Protocols) {
  const auto rules = [](Protocol protocol) { return Incoming({.protocol = protocol}); };
  EXPECT_THAT(rules(Protocol::kTcp), ElementsAre("r/s0/in: ip saddr @r/p1/v4 meta l4proto tcp counter drop",
                                                 "r/s0/in: ip6 saddr @r/p1/v6 meta l4proto tcp counter drop"));
  EXPECT_THAT(rules(Protocol::kUdp), ElementsAre("r/s0/in: ip saddr @r/p1/v4 meta l4proto udp counter drop",
                                                 "r/s0/in: ip6 saddr @r/p1/v6 meta l4proto udp counter drop"));
  EXPECT_THAT(rules(Protocol::kSctp), ElementsAre("r/s0/in: ip saddr @r/p1/v4 meta l4proto sctp counter drop",
                                                  "r/s0/in: ip6 saddr @r/p1/v6 meta l4proto sctp counter drop"));
  EXPECT_THAT(rules(Protocol::kIcmp), ElementsAre("r/s0/in: ip saddr @r/p1/v4 meta l4proto icmp counter drop",
                                                  "r/s0/in: ip6 saddr @r/p1/v6 meta l4proto ipv6-icmp counter drop"));
}

// Of IPv4 alone, to be short.
std::vector<std::string> FromLondon(const PacketFilter& filter) {
  return RuleTexts(StepBatch(MakeProgram({{.index = 0, .filter = filter, .incoming = {{.sources = 0}}}})));
}

TEST(NftStepTest, Ports) {
  EXPECT_THAT(FromLondon({.protocol = Protocol::kTcp, .destination_ports = {{3000, 3000}}}),
              ElementsAre("r/s0/in: ip saddr @r/p0/v4 tcp dport 3000 counter drop"));
  EXPECT_THAT(FromLondon({.protocol = Protocol::kUdp, .source_ports = {{1, 65535}}}),
              ElementsAre("r/s0/in: ip saddr @r/p0/v4 udp sport 1-65535 counter drop"));
  EXPECT_THAT(
      FromLondon({.protocol = Protocol::kSctp, .destination_ports = {{80, 80}}, .source_ports = {{1, 2}, {9, 9}}}),
      ElementsAre("r/s0/in: ip saddr @r/p0/v4 sctp sport { 1-2, 9 } sctp dport 80 counter drop"));
  EXPECT_THAT(
      FromLondon({.destination_ports = {{80, 80}, {443, 443}}}),
      ElementsAre("r/s0/in: ip saddr @r/p0/v4 meta l4proto { tcp, udp, sctp } th dport { 80, 443 } counter drop"));
  EXPECT_THAT(
      FromLondon({.destination_ports = {{80, 80}}, .source_ports = {{9, 9}}}),
      ElementsAre("r/s0/in: ip saddr @r/p0/v4 meta l4proto { tcp, udp, sctp } th sport 9 th dport 80 counter drop"));
  EXPECT_THAT(FromLondon({.either_ports = {{80, 80}}}),
              ElementsAre("r/s0/in: ip saddr @r/p0/v4 meta l4proto { tcp, udp, sctp } th dport 80 counter drop",
                          "r/s0/in: ip saddr @r/p0/v4 meta l4proto { tcp, udp, sctp } th sport 80 counter drop"));
}

TEST(NftStepTest, WhatIsSparedIsReturnedFirst) {
  EXPECT_THAT(FromLondon({.except_ports = {{22, 22}, {8000, 9000}}}),
              ElementsAre("r/s0/in: meta l4proto { tcp, udp, sctp } th sport { 22, 8000-9000 } return",
                          "r/s0/in: meta l4proto { tcp, udp, sctp } th dport { 22, 8000-9000 } return",
                          "r/s0/in: ip saddr @r/p0/v4 counter drop"));
  EXPECT_THAT(FromLondon({.protocol = Protocol::kTcp, .except_ports = {{22, 22}}}),
              ElementsAre("r/s0/in: tcp sport 22 return", "r/s0/in: tcp dport 22 return",
                          "r/s0/in: ip saddr @r/p0/v4 meta l4proto tcp counter drop"));
  // Of the families that the step is about.
  EXPECT_THAT(FromLondon({.except_addresses = 1}),
              ElementsAre("r/s0/in: ip saddr @r/p1/v4 return", "r/s0/in: ip daddr @r/p1/v4 return",
                          "r/s0/in: ip saddr @r/p0/v4 counter drop"));
  EXPECT_THAT(Incoming({.except_addresses = 2}),
              ElementsAre("r/s0/in: ip saddr @r/p2/v4 return", "r/s0/in: ip daddr @r/p2/v4 return",
                          "r/s0/in: ip saddr @r/p1/v4 counter drop", "r/s0/in: ip6 saddr @r/p1/v6 counter drop"));
}

TEST(NftStepTest, Interfaces) {
  EXPECT_THAT(FromLondon({.interfaces = {"eth0"}}),
              ElementsAre("r/s0/in: iifname != \"eth0\" return", "r/s0/in: ip saddr @r/p0/v4 counter drop"));
  EXPECT_THAT(Outgoing({.interfaces = {"eth0", "eth1"}}),
              ElementsAre("r/s0/out: oifname != { \"eth0\", \"eth1\" } return",
                          "r/s0/out: ip daddr @r/p1/v4 counter fwd to \"fl0\"",
                          "r/s0/out: ip6 daddr @r/p1/v6 counter fwd to \"fl0\""));
}

TEST(NftStepTest, Dscp) {
  EXPECT_THAT(Incoming({.dscp = 47}), ElementsAre("r/s0/in: ip saddr @r/p1/v4 ip dscp 0x2f counter drop",
                                                  "r/s0/in: ip6 saddr @r/p1/v6 ip6 dscp 0x2f counter drop"));
}

TEST(NftStepTest, NewConnections) {
  EXPECT_THAT(FromLondon({.connection = Connection::kNew}),
              ElementsAre("inet r/s0/state: ip saddr @r/p0/v4 tcp flags syn / fin,syn,rst,ack counter drop",
                          "inet r/s0/state: ip saddr @r/p0/v4 meta l4proto != tcp ct state new counter drop"));
  EXPECT_THAT(FromLondon({.protocol = Protocol::kUdp, .connection = Connection::kNew}),
              ElementsAre("inet r/s0/state: ip saddr @r/p0/v4 meta l4proto udp ct state new counter drop"));
  EXPECT_THAT(
      FromLondon({.destination_ports = {{80, 80}}, .connection = Connection::kNew}),
      ElementsAre(
          "inet r/s0/state: ip saddr @r/p0/v4 tcp dport 80 tcp flags syn / fin,syn,rst,ack counter drop",
          "inet r/s0/state: ip saddr @r/p0/v4 meta l4proto { udp, sctp } th dport 80 ct state new counter drop"));
}

TEST(NftStepTest, EstablishedConnectionsAreAllOthers) {
  EXPECT_THAT(FromLondon({.connection = Connection::kEstablished}),
              ElementsAre("inet r/s0/state: ip saddr @r/p0/v4 tcp flags != syn / fin,syn,rst,ack counter drop",
                          "inet r/s0/state: ip saddr @r/p0/v4 meta l4proto != tcp ct state != new counter drop"));
}

// Connection tracking is a cost to all of the host's traffic: it is never turned on for nothing.
TEST(NftStepTest, TcpConnectionsNeedNoConnectionTracking) {
  for (const Connection connection : {Connection::kAny, Connection::kNew, Connection::kEstablished}) {
    const PacketFilter filter{.protocol = Protocol::kTcp, .either_ports = {{80, 90}}, .connection = connection};
    for (const std::string& rule : FromLondon(filter)) EXPECT_THAT(rule, ::testing::Not(::testing::HasSubstr("ct ")));
  }
}

}  // namespace
}  // namespace faultline
