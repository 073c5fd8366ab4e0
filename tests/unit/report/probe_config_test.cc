#include "controller/report/probe_config.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/timeline_codec.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;

IpAddress ProbedAddress(absl::string_view text) { return IpAddress::Parse(text).value(); }

std::vector<ProbeNode> DualStackNodes(int count) {
  std::vector<ProbeNode> nodes;
  for (int i = 1; i <= count; ++i) {
    nodes.push_back({.name = NodeName(absl::StrCat("node-", i)),
                     .id = static_cast<std::uint32_t>(i),
                     .ipv4 = ProbedAddress(absl::StrCat("10.0.0.", i)),
                     .ipv6 = ProbedAddress(absl::StrCat("fd20::", i))});
  }
  return nodes;
}

std::vector<v1::ProbeConfig> Configs(const std::vector<ProbeNode>& nodes, const ProbePolicy& policy,
                                     const ProbePairs* pairs = nullptr) {
  std::vector<v1::ProbeConfig> configs;
  MakeProbeConfigs(nodes, policy, pairs, [&](v1::ProbeConfig config) { configs.push_back(std::move(config)); });
  return configs;
}

Duration IntervalOf(const v1::ProbeConfig& config) { return DecodeDuration(config.interval()).value(); }

TEST(ProbeConfigTest, ANodeIsProbedAtItsFirstAddressOfEachFamily) {
  InventoryNode node;
  node.name = NodeName("lon-1");
  node.addresses = {ProbedAddress("fd20::1"), ProbedAddress("172.32.4.2"), ProbedAddress("fd20::2"),
                    ProbedAddress("172.32.4.3")};
  EXPECT_EQ(ProbeNodeOf(node, 4), (ProbeNode{.name = NodeName("lon-1"),
                                             .id = 4,
                                             .ipv4 = ProbedAddress("172.32.4.2"),
                                             .ipv6 = ProbedAddress("fd20::1"),
                                             .place = "/"}));
}

TEST(ProbeConfigTest, KnowsTheInterfacesOfTheseAddresses) {
  InventoryNode node;
  node.name = NodeName("lon-1");
  node.addresses = {ProbedAddress("172.32.4.3"), ProbedAddress("172.32.4.2"), ProbedAddress("fd20::2")};
  node.interfaces = {{ProbedAddress("172.32.4.2"), "eth0"}, {ProbedAddress("172.32.4.3"), "eth1"}};
  EXPECT_EQ(ProbeNodeOf(node).Interface(Family::kIpv4), "eth1");
  EXPECT_EQ(ProbeNodeOf(node).Interface(Family::kIpv6), "");
}

TEST(ProbeConfigTest, EveryNodeProbesEveryOther) {
  const std::vector<ProbeNode> nodes = DualStackNodes(3);
  const auto configs = Configs(nodes, {.token = 9, .port = 1234});
  ASSERT_EQ(configs.size(), 3u);
  for (std::size_t i = 0; i < configs.size(); ++i) {
    EXPECT_EQ(configs[i].token(), 9u);
    EXPECT_EQ(configs[i].port(), 1234u);
    EXPECT_EQ(configs[i].self_id(), nodes[i].id);
    EXPECT_EQ(DecodeDuration(configs[i].window()).value(), milliseconds(100));
    ASSERT_EQ(configs[i].peers_size(), 2);
    for (const v1::ProbePeer& peer : configs[i].peers()) {
      const ProbeNode& expected = nodes[peer.id() - 1];
      EXPECT_NE(peer.id(), nodes[i].id);
      EXPECT_EQ(peer.name(), expected.name.text());
      EXPECT_EQ(peer.ipv4(), expected.ipv4->ToBytes());
      EXPECT_EQ(peer.ipv6(), expected.ipv6->ToBytes());
    }
  }
}

TEST(ProbeConfigTest, OnlyFamiliesThatBothHave) {
  std::vector<ProbeNode> nodes = DualStackNodes(3);
  nodes[1].ipv6.reset();
  nodes[2].ipv4.reset();
  const auto configs = Configs(nodes, {});
  EXPECT_NE(configs[0].peers(0).ipv4(), "");
  EXPECT_EQ(configs[0].peers(0).ipv6(), "");
  EXPECT_EQ(configs[0].peers(1).ipv4(), "");
  EXPECT_NE(configs[0].peers(1).ipv6(), "");
  EXPECT_EQ(configs[1].peers(0).ipv6(), "");
  // Nodes 2 and 3 have none in common; the probes of the one are still told from a stranger's.
  EXPECT_EQ(configs[1].peers(1).ipv4() + configs[1].peers(1).ipv6(), "");
}

TEST(ProbeConfigTest, TheIntervalGrowsWithTheFleet) {
  struct {
    int nodes;
    Duration interval;
  } const cases[] = {{1, milliseconds(200)}, {2, milliseconds(200)}, {3, milliseconds(200)},
                     {4, milliseconds(300)}, {6, milliseconds(500)}, {24, milliseconds(2300)}};
  for (const auto& expected : cases) {
    const auto configs = Configs(DualStackNodes(expected.nodes), {});
    EXPECT_EQ(IntervalOf(configs.front()), expected.interval) << expected.nodes;
  }
}

TEST(ProbeConfigTest, NoNodeSendsMoreThanTheRate) {
  for (int count = 2; count <= 60; ++count) {
    for (const v1::ProbeConfig& config : Configs(DualStackNodes(count), {.rate = 30})) {
      const double targets = 2.0 * (count - 1);
      EXPECT_LE(targets / std::chrono::duration<double>(IntervalOf(config)).count(), 30.0001) << count;
    }
  }
}

std::vector<ProbeNode> LargeFleet(int count) {
  std::vector<ProbeNode> nodes;
  for (int i = 1; i <= count; ++i) {
    nodes.push_back({.name = NodeName(absl::StrCat("node-", i)),
                     .id = static_cast<std::uint32_t>(i),
                     .ipv4 = ProbedAddress(absl::StrCat("10.0.", i / 256, ".", i % 256)),
                     .ipv6 = ProbedAddress(absl::StrCat("fd20::", i)),
                     .place = absl::StrCat("region-", i % 4, "/a")});
  }
  return nodes;
}

TEST(ProbeConfigTest, OnlyAFleetThatIsTooLargeIsSampled) {
  EXPECT_EQ(MostPeers(LargeFleet(26), {}), std::nullopt);
  EXPECT_EQ(MostPeers(LargeFleet(27), {}), 12u);
  EXPECT_EQ(SampleFleet(LargeFleet(26), {}, {}), nullptr);
  std::vector<ProbeNode> ipv4_only = LargeFleet(51);
  for (ProbeNode& node : ipv4_only) node.ipv6.reset();
  EXPECT_EQ(MostPeers(ipv4_only, {}), std::nullopt);
  ipv4_only.push_back(LargeFleet(52).back());
  ipv4_only.back().ipv6.reset();
  EXPECT_EQ(MostPeers(ipv4_only, {}), 25u);
  // However low the rate.
  EXPECT_EQ(MostPeers(LargeFleet(4), {.rate = 1}), std::nullopt);
  EXPECT_EQ(MostPeers(LargeFleet(5), {.rate = 1}), 3u);
}

TEST(ProbeConfigTest, ASampledNodeProbesItsPeersWithinRateAndInterval) {
  const std::vector<ProbeNode> nodes = LargeFleet(1000);
  const ProbePolicy policy;
  const auto pairs = SampleFleet(nodes, policy, {{{NodeName("node-8")}, {NodeName("node-16")}}});
  ASSERT_NE(pairs, nullptr);
  // In one place, but in groups of their own.
  EXPECT_TRUE(pairs->at(NodeName("node-8")).contains(NodeName("node-16")));
  const auto configs = Configs(nodes, policy, pairs.get());
  ASSERT_EQ(configs.size(), nodes.size());
  for (std::size_t i = 0; i < configs.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(configs[i].peers_size()), pairs->at(nodes[i].name).size());
    EXPECT_GE(configs[i].peers_size(), 3);
    for (const v1::ProbePeer& peer : configs[i].peers()) {
      EXPECT_TRUE(pairs->at(nodes[i].name).contains(NodeName(peer.name())));
    }
    EXPECT_LE(IntervalOf(configs[i]), policy.sampled_interval);
    const double targets = 2.0 * configs[i].peers_size();
    EXPECT_LE(targets / std::chrono::duration<double>(IntervalOf(configs[i])).count(), 20.0001);
  }
}

TEST(ProbeConfigTest, APlaceIsRegionAndZone) {
  InventoryNode node;
  node.labels = {{"region", "eu-west-2"}, {"az", "eu-west-2a"}};
  EXPECT_EQ(ProbeNodeOf(node).place, "eu-west-2/eu-west-2a");
  EXPECT_EQ(ProbeNodeOf({}).place, "/");
}

}  // namespace
}  // namespace faultline
