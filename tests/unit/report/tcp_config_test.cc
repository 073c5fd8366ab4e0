#include "controller/report/tcp_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/timeline_codec.h"
#include "tests/unit/report/tcp_fleet.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::map<NodeName, ProbeNode> NodesOf(const TcpFleet& fleet) {
  std::map<NodeName, ProbeNode> nodes;
  for (const ProbeNode& node : fleet.nodes) nodes[node.name] = node;
  return nodes;
}

v1::TcpProbeConfig ConfigOf(const char* node, const std::set<TcpEdge>& edges) {
  return MakeTcpConfig(NodeName(node), edges, NodesOf(TcpFleet()), milliseconds(100), seconds(60));
}

TEST(TcpConfigTest, ANodeDialsItsEdgesAndKnowsItsOwnPorts) {
  const std::set<TcpEdge> edges = {TcpEdgeOf("lon-1", "par-1", 3001), TcpEdgeOf("lon-1", "par-2", 3002),
                                   TcpEdgeOf("par-1", "lon-1", 3001), TcpEdgeOf("par-2", "lon-1", 3001)};
  const v1::TcpProbeConfig config = ConfigOf("lon-1", edges);
  ASSERT_EQ(config.targets_size(), 2);
  EXPECT_EQ(config.targets(1).peer(), "par-2");
  EXPECT_EQ(IpAddress::FromBytes(config.targets(1).address())->ToString(), "172.33.0.2");
  EXPECT_EQ(config.targets(1).port(), 3002u);
  EXPECT_THAT(config.dialled_ports(), ::testing::ElementsAre(3001));
  EXPECT_EQ(IpAddress::FromBytes(config.own_ipv4())->ToString(), "172.32.0.1");
  EXPECT_EQ(config.own_ipv6(), "");
  EXPECT_EQ(DecodeDuration(config.interval()).value(), kTcpInterval);
  EXPECT_EQ(DecodeDuration(config.timeout()).value(), kTcpTimeout);
  EXPECT_EQ(DecodeDuration(config.window()).value(), milliseconds(100));
  EXPECT_EQ(DecodeDuration(config.lasts()).value(), seconds(60));
}

TEST(TcpConfigTest, ANodeWithoutAPartHasAnEmptyOne) {
  EXPECT_EQ(ConfigOf("lon-2", {TcpEdgeOf("lon-1", "par-1", 3001)}).SerializeAsString(), "");
  EXPECT_EQ(ConfigOf("gone", {}).SerializeAsString(), "");
}

TEST(TcpConfigTest, WhoHasManyEdgesDialsEachMoreSeldom) {
  std::set<TcpEdge> edges;
  for (std::uint16_t port = 1; port <= 64; ++port) edges.insert(TcpEdgeOf("lon-1", "par-1", port));
  EXPECT_EQ(DecodeDuration(ConfigOf("lon-1", edges).interval()).value(), milliseconds(1600));
}

TEST(TcpConfigTest, AnEdgeWithoutAnAddressIsLeftOut) {
  TcpEdge edge = TcpEdgeOf("lon-1", "par-1", 3001);
  edge.family = Family::kIpv6;
  EXPECT_EQ(ConfigOf("lon-1", {edge}).targets_size(), 0);
}

}  // namespace
}  // namespace faultline
