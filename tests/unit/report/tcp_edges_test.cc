#include "controller/report/tcp_edges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "tests/unit/report/tcp_fleet.h"

namespace faultline {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST(TcpEdgesTest, ThePortOfAOneWayFaultIsDialledBothWaysBetweenItsEndsOnly) {
  TcpFleet fleet;
  fleet.Add(TcpFleet::StepOf(Drop{}, TcpFleet::ToPort(3001)));
  const TcpEdges found = fleet.Find();
  EXPECT_THAT(found.left_out, IsEmpty());
  EXPECT_THAT(found.edges, ElementsAre(TcpEdgeOf("lon-1", "par-1", 3001), TcpEdgeOf("lon-1", "par-2", 3001),
                                       TcpEdgeOf("lon-2", "par-1", 3001), TcpEdgeOf("lon-2", "par-2", 3001),
                                       TcpEdgeOf("par-1", "lon-1", 3001), TcpEdgeOf("par-1", "lon-2", 3001),
                                       TcpEdgeOf("par-2", "lon-1", 3001), TcpEdgeOf("par-2", "lon-2", 3001)));
}

TEST(TcpEdgesTest, EveryPortOfEveryStepIsDialled) {
  TcpFleet fleet;
  fleet.Add(TcpFleet::StepOf(Drop{}, {.protocol = Protocol::kTcp, .either_ports = {{3000, 3002}}}));
  fleet.Add(TcpFleet::StepOf(Drop{}, {.destination_ports = {{80, 80}}}));
  std::set<std::uint16_t> ports;
  for (const TcpEdge& edge : fleet.Find().edges) ports.insert(edge.port);
  EXPECT_THAT(ports, ElementsAre(80, 3000, 3001, 3002));
}

TEST(TcpEdgesTest, FaultsThatNameNoTcpPortAskForNothing) {
  for (const PacketFilter& filter :
       {PacketFilter{}, PacketFilter{.protocol = Protocol::kTcp},
        PacketFilter{.protocol = Protocol::kUdp, .destination_ports = {{1000, 1099}}},
        PacketFilter{.protocol = Protocol::kSctp, .destination_ports = {{53, 53}}},
        PacketFilter{.except_ports = {{3001, 3001}}},
        // A connection comes from no port that anybody knows.
        PacketFilter{.protocol = Protocol::kTcp, .destination_ports = {{3001, 3001}}, .source_ports = {{5, 5}}},
        // SSH is never touched.
        PacketFilter{.protocol = Protocol::kTcp, .destination_ports = {{22, 22}}}}) {
    TcpFleet fleet;
    fleet.Add(TcpFleet::StepOf(Drop{}, filter));
    EXPECT_THAT(fleet.Find().edges, IsEmpty()) << DescribeFilter(filter);
    EXPECT_THAT(fleet.Find().left_out, IsEmpty());
  }
  EXPECT_THAT(TcpEdgesOf({}, {}).edges, IsEmpty());
}

// London's answers from that port are met.
TEST(TcpEdgesTest, ASourcePortIsThatOfAnswers) {
  TcpFleet fleet;
  fleet.Add(TcpFleet::StepOf(Drop{}, {.protocol = Protocol::kTcp, .source_ports = {{3001, 3001}}}));
  EXPECT_THAT(fleet.Find().edges, Contains(TcpEdgeOf("par-1", "lon-1", 3001)));
  const TcpPaths paths(fleet.timelines);
  const auto acts = [&](std::size_t from, std::size_t to) {
    return paths.ActingOn(fleet.nodes[from], fleet.nodes[to], 3001, Family::kIpv4, std::vector<StepIndex>{0});
  };
  EXPECT_THAT(acts(2, 0).at_asker, SizeIs(1));
  EXPECT_FALSE(acts(0, 2).Acts());
}

TEST(TcpEdgesTest, OnlyAskingPacketsAreNew) {
  TcpFleet fleet;
  PacketFilter filter = TcpFleet::AtPort(3001);
  filter.connection = Connection::kNew;
  fleet.Add(TcpFleet::StepOf(Drop{}, filter));
  const TcpPaths paths(fleet.timelines);
  const Acting acting = paths.ActingOn(fleet.nodes[0], fleet.nodes[2], 3001, Family::kIpv4, std::vector<StepIndex>{0});
  EXPECT_THAT(acting.at_receiver, SizeIs(1));
  EXPECT_THAT(acting.at_asker, IsEmpty());
}

TEST(TcpEdgesTest, OfManyPortsSomeAreDrawnByTheSeedAndItSaysSo) {
  TcpFleet fleet;
  fleet.Add(TcpFleet::StepOf(Drop{}, {.protocol = Protocol::kTcp, .destination_ports = {{1000, 1099}}}));
  const TcpEdges found = fleet.Find();
  std::set<std::uint16_t> ports;
  for (const TcpEdge& edge : found.edges) ports.insert(edge.port);
  EXPECT_THAT(ports, SizeIs(kMostTcpPorts));
  EXPECT_THAT(found.left_out,
              ElementsAre("of the 100 TCP ports that faults name, connections to 16 are tried, drawn by lot"));
  EXPECT_EQ(fleet.Find().edges, found.edges);
  for (auto& [name, timeline] : fleet.timelines) timeline.seed = 8;
  EXPECT_NE(fleet.Find().edges, found.edges);
}

TEST(TcpEdgesTest, OfManyEdgesOfANodeSomeAreDrawnAndItSaysSo) {
  TcpFleet fleet;
  for (int i = 3; i < 43; ++i) {
    const NodeName name(absl::StrCat("par-", i));
    fleet.nodes.push_back({.name = name, .ipv4 = IpAddress::Parse(absl::StrCat("172.33.0.", i)).value()});
    fleet.timelines[name] = fleet.timelines.at(NodeName("par-1"));
    fleet.timelines[name].node = name;
  }
  fleet.Add(TcpFleet::StepOf(Drop{}, {.protocol = Protocol::kTcp, .destination_ports = {{3000, 3001}}}));
  const TcpEdges found = fleet.Find();
  std::map<NodeName, std::size_t> by_node;
  for (const TcpEdge& edge : found.edges) ++by_node[edge.from];
  EXPECT_EQ(by_node.at(NodeName("lon-1")), kMostTcpEdgesPerNode);
  EXPECT_EQ(by_node.at(NodeName("par-1")), 4u);
  EXPECT_THAT(found.left_out, ElementsAre("of 336 connections to the ports that faults name, 296 are tried, at most 64 "
                                          "by a node, drawn by lot"));
}

TEST(TcpEdgesTest, PortsThatConnectionsComeFromCannotBeTold) {
  TcpFleet fleet;
  fleet.Add(TcpFleet::StepOf(Drop{}, {.protocol = Protocol::kTcp, .either_ports = {{3001, 3001}, {40'000, 50'000}}}));
  EXPECT_THAT(fleet.Find().edges, IsEmpty());
  EXPECT_THAT(fleet.Find().left_out, ElementsAre("step step names some of the ports that connections come from (32768 "
                                                 "to 60999): none are tried"));
  // A few, or all of them, can.
  for (const PortRange& range : {PortRange{32'768, 32'770}, PortRange{1, 65'535}}) {
    TcpFleet other;
    other.Add(TcpFleet::StepOf(Drop{}, {.protocol = Protocol::kTcp, .either_ports = {range}}));
    EXPECT_THAT(other.Find().edges, Not(IsEmpty()));
  }
}

// Else a fault that names one such port would seem to meet all answers.
TEST(TcpEdgesTest, ConnectionsAreTakenToComeFromAPortThatNoFaultNames) {
  TcpFleet fleet;
  fleet.Add(TcpFleet::StepOf(Drop{}, TcpFleet::ToPort(32'768)));
  const TcpPaths paths(fleet.timelines);
  EXPECT_FALSE(paths.ActingOn(fleet.nodes[2], fleet.nodes[0], 3001, Family::kIpv4, std::vector<StepIndex>{0}).Acts());
}

TEST(TcpEdgesTest, BothIpVersionsOfNodesThatHaveThem) {
  TcpFleet fleet;
  for (auto& [name, timeline] : fleet.timelines) {
    timeline.prefix_sets[0] = PrefixSet({Prefix::Parse("172.32.0.0/16").value(), Prefix::Parse("fd20::/16").value()});
  }
  fleet.nodes[0].ipv6 = IpAddress::Parse("fd20::1").value();
  fleet.nodes[2].ipv6 = IpAddress::Parse("fd21::1").value();
  fleet.Add(TcpFleet::StepOf(Drop{}, TcpFleet::ToPort(3001)));
  std::vector<TcpEdge> ipv6 = fleet.Find().edges;
  std::erase_if(ipv6, [](const TcpEdge& edge) { return edge.family == Family::kIpv4; });
  EXPECT_THAT(ipv6, SizeIs(2));
  EXPECT_THAT(ipv6, Each(Field(&TcpEdge::port, 3001)));
}

}  // namespace
}  // namespace faultline
