// Filters on a real kernel: of every kind of packet exactly those that the filter names, by a model of it.

#include <netinet/in.h>

#include <algorithm>

#include "tests/lab/kernel/linux_kernel_fixture.h"
#include "tests/lab/kernel/raw_wire.h"

namespace faultline::testing {
namespace {

// For experiments (RFC 3692).
constexpr std::uint8_t kOtherProtocol = 253;

std::uint8_t IcmpOf(Family family) {
  return family == Family::kIpv4 ? std::uint8_t{IPPROTO_ICMP} : std::uint8_t{IPPROTO_ICMPV6};
}

std::vector<RawPacket> EveryPacket() {
  std::vector<RawPacket> packets;
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    for (const std::uint8_t protocol : {std::uint8_t{IPPROTO_TCP}, std::uint8_t{IPPROTO_UDP},
                                        std::uint8_t{IPPROTO_SCTP}, IcmpOf(family), kOtherProtocol}) {
      for (const std::uint8_t dscp : {0, 10, 46}) {
        for (const bool extended : {false, true}) {
          if (extended && family == Family::kIpv4) continue;
          for (const auto& [from, to] : {std::pair(40000, 3000),
                                         {3000, 40000},
                                         {3000, 3000},
                                         {40000, 3001},
                                         {40000, 3003},
                                         {3003, 40000},
                                         {1, 65535},
                                         {50000, 50001}}) {
            RawPacket packet{.family = family, .protocol = protocol, .dscp = dscp, .extended = extended};
            packet.source_port = static_cast<std::uint16_t>(from);
            packet.destination_port = static_cast<std::uint16_t>(to);
            packets.push_back(packet);
            if (!packet.HasPorts()) break;
          }
        }
      }
    }
  }
  return packets;
}

bool Within(const std::vector<PortRange>& ranges, std::uint16_t port) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [port](const PortRange& range) { return range.first <= port && port <= range.last; });
}

// What PacketFilter's comments say, but for addresses, connections and interfaces.
bool Chooses(const PacketFilter& filter, const RawPacket& packet) {
  const auto has_port = [&](const std::vector<PortRange>& ranges, std::uint16_t port) {
    return packet.HasPorts() && Within(ranges, port);
  };
  const auto on_either_end = [&](const std::vector<PortRange>& ranges) {
    return has_port(ranges, packet.source_port) || has_port(ranges, packet.destination_port);
  };
  switch (filter.protocol) {
    case Protocol::kAny:
      break;
    case Protocol::kTcp:
      if (packet.protocol != IPPROTO_TCP) return false;
      break;
    case Protocol::kUdp:
      if (packet.protocol != IPPROTO_UDP) return false;
      break;
    case Protocol::kSctp:
      if (packet.protocol != IPPROTO_SCTP) return false;
      break;
    case Protocol::kIcmp:
      if (packet.protocol != IcmpOf(packet.family)) return false;
      break;
  }
  if (!filter.destination_ports.empty() && !has_port(filter.destination_ports, packet.destination_port)) return false;
  if (!filter.source_ports.empty() && !has_port(filter.source_ports, packet.source_port)) return false;
  if (!filter.either_ports.empty() && !on_either_end(filter.either_ports)) return false;
  if (on_either_end(filter.except_ports)) return false;
  return !filter.dscp || *filter.dscp == packet.dscp;
}

std::vector<PacketFilter> ManyFilters() {
  const std::vector<PortRange> one = {{3000, 3000}};
  const std::vector<PortRange> range = {{3000, 3002}};
  const std::vector<PortRange> many = {{1, 1}, {3000, 3001}, {3003, 3003}};
  std::vector<PacketFilter> filters = {{}};
  for (const std::uint8_t dscp : {0, 46, 63}) filters.push_back({.dscp = dscp});
  for (const Protocol protocol : {Protocol::kAny, Protocol::kTcp, Protocol::kUdp, Protocol::kSctp, Protocol::kIcmp}) {
    filters.push_back({.protocol = protocol, .dscp = 10});
    if (protocol == Protocol::kIcmp) continue;
    for (const auto& ports : {one, range, many}) {
      filters.push_back({.protocol = protocol, .destination_ports = ports});
      filters.push_back({.protocol = protocol, .source_ports = ports});
      filters.push_back({.protocol = protocol, .either_ports = ports});
      filters.push_back({.protocol = protocol, .except_ports = ports});
    }
    filters.push_back({.protocol = protocol, .destination_ports = range, .source_ports = {{40000, 40000}}});
    filters.push_back({.protocol = protocol, .either_ports = many, .except_ports = one, .dscp = 46});
  }
  return filters;
}

class FilterTest : public LinuxKernelTest {
 protected:
  RawWire In() { return {peer(), {kPeer4, kPeer6}, node(), {kNode4, kNode6}}; }
  RawWire Out() { return {node(), {kNode4, kNode6}, peer(), {kPeer4, kPeer6}}; }

  static Program DropIn(const PacketFilter& filter) {
    Program program = ParisIngressProgram("r");
    program.steps[0].filter = filter;
    return program;
  }

  static Program DropOut(const PacketFilter& filter) {
    Program program = ParisIngressProgram("r");
    program.steps = {{.index = 0, .filter = filter, .outgoing = {{.destinations = 0}}}};
    return program;
  }

  // Of all packets those that the filter chooses are dropped, and each is counted once.
  void ExpectFiltered(RawWire& wire, const Program& program) {
    const PacketFilter& filter = program.steps[0].filter;
    SCOPED_TRACE(DescribeFilter(filter));
    ASSERT_THAT(kernel_->Install(program), IsOk());
    ASSERT_THAT(OpenGate("r", 0), IsOk());
    const std::vector<RawPacket> packets = EveryPacket();
    const std::vector<bool> arrived = wire.Send(packets);
    std::uint64_t chosen = 0;
    for (std::size_t i = 0; i < packets.size(); ++i) {
      EXPECT_NE(arrived[i], Chooses(filter, packets[i])) << packets[i].ToString();
      chosen += Chooses(filter, packets[i]) ? 1 : 0;
    }
    const auto counters = kernel_->ReadCounters(RunId("r"));
    ASSERT_THAT(counters, IsOk());
    // Of what a packet is answered with there is more, the other way.
    EXPECT_EQ(counters->front().packets, chosen);
    ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  }

  std::uint64_t Counted() {
    const auto counters = kernel_->ReadCounters(RunId("r"));
    EXPECT_THAT(counters, IsOk());
    return counters.ok() ? counters->front().packets : 0;
  }
};

TEST_F(FilterTest, ChoosesExactlyItsPacketsOnTheWayIn) {
  RawWire wire = In();
  for (const PacketFilter& filter : ManyFilters()) ExpectFiltered(wire, DropIn(filter));
}

TEST_F(FilterTest, ChoosesExactlyItsPacketsOnTheWayOut) {
  FAULTLINE_SKIP_IF(WhyNoEgress());
  RawWire wire = Out();
  for (const PacketFilter& filter : ManyFilters()) ExpectFiltered(wire, DropOut(filter));
}

// The model itself chooses some and spares some.
TEST_F(FilterTest, TheModelTellsPacketsApart) {
  const std::vector<RawPacket> packets = EveryPacket();
  for (const PacketFilter& filter : ManyFilters()) {
    if (filter == PacketFilter() || filter.dscp == 63) continue;
    const auto chosen =
        std::count_if(packets.begin(), packets.end(), [&](const RawPacket& packet) { return Chooses(filter, packet); });
    EXPECT_GT(chosen, 0) << DescribeFilter(filter);
    EXPECT_LT(static_cast<std::size_t>(chosen), packets.size()) << DescribeFilter(filter);
  }
}

TEST_F(FilterTest, SparesAddressesOnEitherEnd) {
  Program program = DropIn({.except_addresses = 1});
  program.prefix_sets.push_back(Prefixes({"169.254.169.253", "172.33.11.90/32"}));
  // The peer's second address is protected; another one for this.
  peer().Run("ip address add 172.33.11.91/11 dev eth0");
  ASSERT_THAT(kernel_->Install(program), IsOk());
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  EXPECT_TRUE(PeerReachesNode(Family::kIpv4));
  EXPECT_FALSE(PeerReachesNode(Family::kIpv6));
  EXPECT_EQ(SendAndCount(peer(), "172.33.11.91", node(), kNode4).arrived, 0);
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  // As destinations: what goes to one of the node's addresses is spared, to the other not.
  node().Run("ip address add 172.32.4.3/11 dev eth0");
  program.prefix_sets[1] = Prefixes({"172.32.4.3"});
  ASSERT_THAT(kernel_->Install(program), IsOk());
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  EXPECT_FALSE(PeerReachesNode(Family::kIpv4));
  EXPECT_EQ(SendAndCount(peer(), kPeer4, node(), "172.32.4.3").arrived, 10);
  node().Run("ip address del 172.32.4.3/11 dev eth0");
}

TEST_F(FilterTest, ActsOnItsInterfacesOnly) {
  FAULTLINE_SKIP_IF(WhyNoEgress());
  node().Run("ip link add eth1 type veth peer name eth1 netns " + peer().path());
  node().Run("ip link set eth1 addrgenmode none up");
  peer().Run("ip link set eth1 addrgenmode none up");
  node().Run("ip address add 10.7.0.1/24 dev eth1");
  peer().Run("ip address add 10.7.0.2/24 dev eth1");
  Program program = ParisProgram("r");
  program.devices = {"eth0", "eth1"};
  program.prefix_sets = {Prefixes({"172.33.0.0/16", "10.7.0.2"})};
  const auto ways = [&] {
    std::string text;
    if (PeerReachesNode(Family::kIpv4)) text += "in0 ";
    if (SendAndCount(peer(), "10.7.0.2", node(), "10.7.0.1").arrived == 10) text += "in1 ";
    if (NodeReachesPeer(Family::kIpv4)) text += "out0 ";
    if (SendAndCount(node(), "10.7.0.1", peer(), "10.7.0.2").arrived == 10) text += "out1 ";
    return text;
  };
  for (const auto& [interfaces, passing] :
       std::vector<std::pair<std::vector<std::string>, std::string>>{{{}, ""},
                                                                     {{"eth0"}, "in1 out1 "},
                                                                     {{"eth1"}, "in0 out0 "},
                                                                     {{"eth0", "eth1"}, ""},
                                                                     {{"eth2", "eth3"}, "in0 in1 out0 out1 "}}) {
    for (Program::StepRules& step : program.steps) step.filter.interfaces = interfaces;
    ASSERT_THAT(kernel_->Install(program), IsOk());
    ASSERT_THAT(OpenGate("r", 0), IsOk());
    ASSERT_THAT(OpenGate("r", 1), IsOk());
    EXPECT_EQ(ways(), passing) << DescribeFilter(program.steps[0].filter);
    ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  }
  node().Run("ip link del eth1");
}

// 3000 bytes are three fragments; ports are in the first one alone.
TEST_F(FilterTest, FragmentsAfterTheFirstHaveNoPorts) {
  RawWire wire = In();
  const RawPacket big{.protocol = IPPROTO_UDP, .size = 3000};
  const auto counted = [&](const PacketFilter& filter) {
    EXPECT_THAT(kernel_->Install(DropIn(filter)), IsOk());
    EXPECT_TRUE(wire.Arrives(big));
    EXPECT_THAT(OpenGate("r", 0), IsOk());
    EXPECT_FALSE(wire.Arrives(big)) << DescribeFilter(filter);
    const std::uint64_t packets = Counted();
    EXPECT_THAT(kernel_->Remove(RunId("r")), IsOk());
    return packets;
  };
  EXPECT_EQ(counted({}), 3u);
  EXPECT_EQ(counted({.protocol = Protocol::kUdp}), 3u);
  EXPECT_EQ(counted({.destination_ports = {{3000, 3000}}}), 1u);
  EXPECT_EQ(counted({.except_ports = {{4000, 4000}}}), 3u);
  // Its first fragment is spared, the others are not known to be its own.
  EXPECT_EQ(counted({.except_ports = {{3000, 3000}}}), 2u);
}

}  // namespace
}  // namespace faultline::testing
