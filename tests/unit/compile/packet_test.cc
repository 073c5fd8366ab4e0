#include "controller/compile/packet.h"

#include <gtest/gtest.h>

#include "tests/unit/compile/fleet_builder.h"

namespace faultline {
namespace {

using testing_support::Ip;
using testing_support::Set;

Timeline WithSets(std::vector<PrefixSet> sets) {
  Timeline timeline;
  timeline.prefix_sets = std::move(sets);
  return timeline;
}

TEST(MatchesTest, EveryPresentPartMustHold) {
  const Timeline timeline = WithSets({Set({"10.0.0.0/8"}), Set({"11.0.0.0/8", "fd00::/16"}), Set({"11.0.0.9"})});
  const auto matches = [&](const Match& match, const char* from, const char* to) {
    return Matches(match, timeline, Ip(from), Ip(to));
  };
  const Match all = {.sources = 0, .destinations = 1, .except_destinations = 2};
  EXPECT_TRUE(matches(all, "10.0.0.1", "11.0.0.1"));
  EXPECT_FALSE(matches(all, "11.0.0.1", "11.0.0.1"));
  EXPECT_FALSE(matches(all, "10.0.0.1", "10.0.0.1"));
  EXPECT_FALSE(matches(all, "10.0.0.1", "11.0.0.9"));
  EXPECT_TRUE(matches({.sources = 0}, "10.0.0.1", "192.0.2.1"));
  EXPECT_TRUE(matches({.destinations = 1}, "2001:db8::1", "fd00::1"));
  EXPECT_FALSE(matches({.destinations = 1}, "2001:db8::1", "fd01::1"));
}

// A probe from 10.0.0.1 to 11.0.0.1, port 7401 to 7401, in by eth0 and out by eth1; set 0 is 10/8, set 1 is 12/8.
struct Case {
  const char* name;
  PacketFilter filter;
  bool covers;
};

class CoversTest : public ::testing::TestWithParam<Case> {};

TEST_P(CoversTest, AProbe) {
  const Timeline timeline = WithSets({Set({"10.0.0.0/8"}), Set({"12.0.0.0/8"})});
  Packet probe = PacketOfProbe(Ip("10.0.0.1"), Ip("11.0.0.1"), 7401);
  probe.in_interface = "eth0";
  probe.out_interface = "eth1";
  EXPECT_EQ(Covers(GetParam().filter, timeline, Side::kReceiver, probe), GetParam().covers);
}

const PortRange kProbes = {7400, 7401};
const PortRange kOthers = {3000, 3002};

INSTANTIATE_TEST_SUITE_P(
    Filters, CoversTest,
    ::testing::Values(Case{"Any", {}, true}, Case{"Udp", {.protocol = Protocol::kUdp}, true},
                      Case{"Tcp", {.protocol = Protocol::kTcp}, false},
                      Case{"Icmp", {.protocol = Protocol::kIcmp}, false},
                      Case{"ToItsPort", {.destination_ports = {kOthers, kProbes}}, true},
                      Case{"ToAnotherPort", {.destination_ports = {kOthers}}, false},
                      Case{"FromItsPort", {.source_ports = {kProbes}}, true},
                      Case{"FromAnotherPort", {.source_ports = {kOthers}}, false},
                      Case{"FromItsToAnother", {.destination_ports = {kOthers}, .source_ports = {kProbes}}, false},
                      Case{"EitherPort", {.either_ports = {kProbes}}, true},
                      Case{"AnotherEitherPort", {.either_ports = {kOthers}}, false},
                      Case{"SparedPort", {.except_ports = {kProbes}}, false},
                      Case{"AnotherSparedPort", {.except_ports = {kOthers}}, true},
                      Case{"SparedSource", {.except_addresses = 0}, false},
                      Case{"AnotherSparedAddress", {.except_addresses = 1}, true}, Case{"Dscp0", {.dscp = 0}, true},
                      Case{"Dscp46", {.dscp = 46}, false}, Case{"New", {.connection = Connection::kNew}, false},
                      Case{"Established", {.connection = Connection::kEstablished}, true},
                      Case{"ItsInterface", {.interfaces = {"eth0", "eth7"}}, true},
                      Case{"AnotherInterface", {.interfaces = {"eth1"}}, false}),
    [](const ::testing::TestParamInfo<Case>& param) { return param.param.name; });

TEST(CoversSidesTest, EachSideHasItsInterface) {
  const Timeline timeline;
  Packet probe = PacketOfProbe(Ip("10.0.0.1"), Ip("11.0.0.1"), 7401);
  const PacketFilter filter = {.interfaces = {"eth1"}};
  // Not known: it passes for any.
  EXPECT_TRUE(Covers(filter, timeline, Side::kReceiver, probe));
  probe.in_interface = "eth0";
  probe.out_interface = "eth1";
  EXPECT_FALSE(Covers(filter, timeline, Side::kReceiver, probe));
  EXPECT_TRUE(Covers(filter, timeline, Side::kSender, probe));
}

TEST(CoversSidesTest, WhatHasNoPortsIsCoveredByNone) {
  Packet ping = PacketOfProbe(Ip("10.0.0.1"), Ip("11.0.0.1"), 7401);
  ping.protocol = Protocol::kIcmp;
  EXPECT_TRUE(Covers({}, {}, Side::kReceiver, ping));
  EXPECT_TRUE(Covers({.except_ports = {kProbes}}, {}, Side::kReceiver, ping));
  EXPECT_FALSE(Covers({.either_ports = {kProbes}}, {}, Side::kReceiver, ping));
}

TEST(CoversSidesTest, ASparedDestinationCountsToo) {
  const Timeline timeline = WithSets({Set({"11.0.0.0/8"})});
  EXPECT_FALSE(
      Covers({.except_addresses = 0}, timeline, Side::kReceiver, PacketOfProbe(Ip("10.0.0.1"), Ip("11.0.0.1"), 7401)));
}

}  // namespace
}  // namespace faultline
