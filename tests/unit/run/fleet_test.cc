#include "controller/run/fleet.h"

#include <gtest/gtest.h>

#include "tests/unit/run/fake_agent.h"

namespace faultline {
namespace {

TEST(FleetTest, EveryJoinRenewsTheProbeMesh) {
  Fleet fleet({.token = 42});
  FakeAgent london("lon-1", "172.32.4.2");
  FakeAgent paris("par-1", "172.33.4.2");
  ASSERT_TRUE(london.Join(fleet).ok());
  ASSERT_TRUE(paris.Join(fleet).ok());
  const auto configs = london.Take(v1::SessionResponse::kProbeConfig);
  ASSERT_EQ(configs.size(), 2u);
  EXPECT_EQ(configs[0].probe_config().peers_size(), 0);
  ASSERT_EQ(configs[1].probe_config().peers_size(), 1);
  EXPECT_EQ(configs[1].probe_config().peers(0).name(), "par-1");
  EXPECT_EQ(configs[1].probe_config().token(), 42u);
}

TEST(FleetTest, NameOfALiveAgentIsTaken) {
  Fleet fleet({});
  FakeAgent first("lon-1", "172.32.4.2", 1);
  FakeAgent other("lon-1", "172.32.4.3", 2);
  ASSERT_TRUE(first.Join(fleet).ok());
  EXPECT_EQ(other.Join(fleet).code(), absl::StatusCode::kAlreadyExists);
  first.Leave(fleet);
  EXPECT_TRUE(other.Join(fleet).ok());
}

TEST(FleetTest, SameAgentReplacesItsOldSession) {
  Fleet fleet({});
  FakeAgent before("lon-1", "172.32.4.2", 1);
  FakeAgent after("lon-1", "172.32.4.2", 1);
  ASSERT_TRUE(before.Join(fleet).ok());
  ASSERT_TRUE(after.Join(fleet).ok());
  EXPECT_TRUE(before.closed());
  before.Leave(fleet);  // The old stream ends after the new one began.
  EXPECT_TRUE(fleet.Connected(NodeName("lon-1")));
}

TEST(FleetTest, MalformedNodesAreRefused) {
  Fleet fleet({});
  FakeAgent nameless("lon 1", "172.32.4.2");
  EXPECT_EQ(nameless.Join(fleet).code(), absl::StatusCode::kInvalidArgument);
  FakeAgent odd("lon-1", "172.32.4.2");
  odd.info().mutable_addresses(0)->set_address("12345");
  EXPECT_EQ(odd.Join(fleet).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(fleet.Nodes().empty());
}

TEST(FleetTest, SilentNodesAreGivenUp) {
  Fleet fleet({});
  FakeAgent london("lon-1", "172.32.4.2");
  FakeAgent paris("par-1", "172.33.4.2");
  ASSERT_TRUE(london.Join(fleet).ok());
  ASSERT_TRUE(paris.Join(fleet).ok());
  const MonotonicTime now{std::chrono::seconds(100)};
  fleet.OnPing(london.name(), now, std::nullopt);
  fleet.OnPing(paris.name(), now - std::chrono::seconds(9), std::nullopt);
  const std::vector<NodeName> dropped = fleet.DropSilent(now - std::chrono::seconds(5));
  ASSERT_EQ(dropped.size(), 1u);
  EXPECT_EQ(dropped[0], paris.name());
  EXPECT_TRUE(paris.closed());
  EXPECT_TRUE(fleet.Connected(london.name()));
  EXPECT_FALSE(fleet.Connected(paris.name()));
  EXPECT_EQ(fleet.Everyone().nodes.size(), 2u);
}

TEST(FleetTest, OnlyConnectedNodesAreInTheInventory) {
  Fleet fleet({});
  FakeAgent london("lon-1", "172.32.4.2");
  FakeAgent paris("par-1", "172.33.4.2");
  ASSERT_TRUE(london.Join(fleet).ok());
  ASSERT_TRUE(paris.Join(fleet).ok());
  paris.Leave(fleet);
  ASSERT_EQ(fleet.Snapshot().nodes.size(), 1u);
  EXPECT_EQ(fleet.Snapshot().nodes[0].name, london.name());
  EXPECT_EQ(fleet.Nodes().size(), 2u);
}

TEST(FleetTest, TheInventoryHasWhatNodesSayOfThemselves) {
  Fleet fleet({.port = 7777});
  FakeAgent london("lon-1", "172.32.4.2");
  *london.info().mutable_capabilities() = EncodeCapabilities({Capability::kIngressHook, Capability::kNetem},
                                                             {.id = "amzn", .like = "fedora", .kernel_release = "6.1"});
  london.info().mutable_capabilities()->add_has(static_cast<v1::Capability>(99));
  ASSERT_TRUE(london.Join(fleet).ok());
  const Inventory inventory = fleet.Snapshot();
  ASSERT_EQ(inventory.nodes.size(), 1u);
  const InventoryNode& node = inventory.nodes[0];
  EXPECT_EQ(node.has, (CapabilitySet{Capability::kIngressHook, Capability::kNetem}));
  EXPECT_EQ(node.platform, (Platform{.id = "amzn", .like = "fedora", .kernel_release = "6.1"}));
  EXPECT_EQ(node.interfaces, (std::map<IpAddress, std::string>{{IpAddress::Parse("172.32.4.2").value(), "eth0"}}));
  EXPECT_EQ(fleet.probe_port(), 7777);
}

TEST(FleetTest, ANodeMayChange) {
  Fleet fleet({});
  FakeAgent london("lon-1", "172.32.4.2");
  FakeAgent paris("par-1", "172.33.4.2");
  ASSERT_TRUE(london.Join(fleet).ok());
  ASSERT_TRUE(paris.Join(fleet).ok());
  paris.Take(v1::SessionResponse::kProbeConfig);
  v1::NodeInfo info = london.info();
  info.set_incarnation(77);
  info.mutable_addresses(0)->set_address(IpAddress::Parse("172.32.4.9")->ToBytes());
  ASSERT_TRUE(fleet.Update(london.name(), info).ok());
  EXPECT_EQ(fleet.Snapshot().nodes[0].addresses[0].ToString(), "172.32.4.9");
  EXPECT_EQ(fleet.Nodes()[0].info().incarnation(), london.info().incarnation());
  const auto configs = paris.Take(v1::SessionResponse::kProbeConfig);
  ASSERT_EQ(configs.size(), 1u);
  EXPECT_EQ(configs[0].probe_config().peers(0).ipv4(), IpAddress::Parse("172.32.4.9")->ToBytes());

  info.mutable_addresses(0)->set_address("12345");
  EXPECT_EQ(fleet.Update(london.name(), info).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(fleet.Update(paris.name(), london.info()).code(), absl::StatusCode::kInvalidArgument);
  FakeAgent stranger("rom-1", "10.0.0.1");
  EXPECT_EQ(fleet.Update(stranger.name(), stranger.info()).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(fleet.Snapshot().nodes[0].addresses[0].ToString(), "172.32.4.9");
}

}  // namespace
}  // namespace faultline
