#include "controller/run/fleet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/session_pace.h"
#include "common/timeline_codec.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/run/fake_agent.h"
#include "tests/unit/run/fake_events.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(FleetTest, TheProbeMeshIsRenewedOnceForAllThatJoined) {
  FakeEvents events;
  Fleet fleet({.token = 42}, events);
  FakeAgent london("lon-1", "172.32.4.2");
  FakeAgent paris("par-1", "172.33.4.2");
  ASSERT_TRUE(london.Join(fleet).ok());
  ASSERT_TRUE(paris.Join(fleet).ok());
  EXPECT_THAT(london.Take(v1::SessionResponse::kProbeConfig), IsEmpty());
  fleet.RenewProbes(MonotonicTime());
  const auto configs = london.Take(v1::SessionResponse::kProbeConfig);
  ASSERT_EQ(configs.size(), 1u);
  ASSERT_EQ(configs[0].probe_config().peers_size(), 1);
  EXPECT_EQ(configs[0].probe_config().peers(0).name(), "par-1");
  EXPECT_EQ(configs[0].probe_config().token(), 42u);
  fleet.RenewProbes(MonotonicTime());
  EXPECT_THAT(london.Take(v1::SessionResponse::kProbeConfig), IsEmpty());
}

TEST(FleetTest, ALargeFleetIsSampledAndCoversTheGroupsOfRuns) {
  FakeEvents events;
  // Full up to 11 nodes, else 5 peers each.
  Fleet fleet({.token = 42, .rate = 4}, events);
  std::vector<std::unique_ptr<FakeAgent>> agents;
  for (int i = 1; i <= 30; ++i) {
    const std::string address = absl::StrCat("10.0.0.", i);
    agents.push_back(std::make_unique<FakeAgent>(absl::StrCat("node-", i), address.c_str()));
    ASSERT_TRUE(agents.back()->Join(fleet).ok());
    EXPECT_EQ(fleet.Probed() == nullptr, i <= 11) << i;
  }
  const auto last_config = [&](std::size_t agent) {
    return agents[agent]->Take(v1::SessionResponse::kProbeConfig).back().probe_config();
  };
  EXPECT_LE(last_config(0).peers_size(), 5);
  const NodeName first("node-1");
  const auto peers_of = [&] { return fleet.Probed()->at(first); };
  const ProbePeers before = peers_of();
  const auto stranger = std::ranges::find_if(
      agents, [&](const auto& agent) { return agent->name() != first && !before.contains(agent->name()); });
  ASSERT_NE(stranger, agents.end());
  fleet.Cover("split-1", {{first}, {(*stranger)->name()}});
  EXPECT_TRUE(peers_of().contains((*stranger)->name()));
  const v1::ProbeConfig config = last_config(0);
  EXPECT_TRUE(std::ranges::any_of(
      config.peers(), [&](const v1::ProbePeer& peer) { return peer.name() == (*stranger)->name().text(); }));
  // Over with the next change.
  fleet.Cover("split-1", {});
  ASSERT_TRUE(fleet.Update(first, agents[0]->info()).ok());
  EXPECT_EQ(peers_of(), before);
}

TEST(FleetTest, NameOfALiveAgentIsTaken) {
  FakeEvents events;
  Fleet fleet({}, events);
  FakeAgent first("lon-1", "172.32.4.2", 1);
  FakeAgent other("lon-1", "172.32.4.3", 2);
  ASSERT_TRUE(first.Join(fleet).ok());
  EXPECT_EQ(other.Join(fleet).code(), absl::StatusCode::kAlreadyExists);
  first.Leave(fleet);
  EXPECT_TRUE(other.Join(fleet).ok());
}

TEST(FleetTest, SameAgentReplacesItsOldSession) {
  FakeEvents events;
  Fleet fleet({}, events);
  FakeAgent before("lon-1", "172.32.4.2", 1);
  FakeAgent after("lon-1", "172.32.4.2", 1);
  ASSERT_TRUE(before.Join(fleet).ok());
  ASSERT_TRUE(after.Join(fleet).ok());
  EXPECT_TRUE(before.closed());
  before.Leave(fleet);  // The old stream ends after the new one began.
  EXPECT_TRUE(fleet.Connected(NodeName("lon-1")));
}

TEST(FleetTest, MalformedNodesAreRefused) {
  FakeEvents events;
  Fleet fleet({}, events);
  FakeAgent nameless("lon 1", "172.32.4.2");
  EXPECT_EQ(nameless.Join(fleet).code(), absl::StatusCode::kInvalidArgument);
  FakeAgent odd("lon-1", "172.32.4.2");
  odd.info().mutable_addresses(0)->set_address("12345");
  EXPECT_EQ(odd.Join(fleet).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(fleet.Nodes().empty());
}

TEST(FleetTest, SilentNodesAreGivenUp) {
  FakeEvents events;
  Fleet fleet({}, events);
  FakeAgent london("lon-1", "172.32.4.2");
  FakeAgent paris("par-1", "172.33.4.2");
  ASSERT_TRUE(london.Join(fleet).ok());
  ASSERT_TRUE(paris.Join(fleet).ok());
  const MonotonicTime now{std::chrono::seconds(100)};
  fleet.OnPing(london.name(), now, std::nullopt);
  fleet.OnPing(paris.name(), now - kLongestIdleSilence - std::chrono::seconds(1), std::nullopt);
  const std::vector<NodeName> dropped = fleet.DropSilent(now);
  ASSERT_EQ(dropped.size(), 1u);
  EXPECT_EQ(dropped[0], paris.name());
  EXPECT_TRUE(paris.closed());
  EXPECT_TRUE(fleet.Connected(london.name()));
  EXPECT_FALSE(fleet.Connected(paris.name()));
  EXPECT_EQ(fleet.Everyone().nodes.size(), 2u);
}

TEST(FleetTest, NodesThatAreSentHeartbeatsMayBeSilentForShorter) {
  FakeEvents events;
  Fleet fleet({}, events);
  FakeAgent london("lon-1", "172.32.4.2");
  ASSERT_TRUE(london.Join(fleet).ok());
  const MonotonicTime start{std::chrono::seconds(100)};
  fleet.OnPing(london.name(), start, std::nullopt);
  EXPECT_THAT(fleet.ExpectPings(/*everybody=*/false, start), ElementsAre());
  // It may have pinged last just before the time at which it was to ping seldom.
  MonotonicTime now = start + kLongestIdleSilence - std::chrono::seconds(1);
  EXPECT_THAT(fleet.DropSilent(now), ElementsAre());
  EXPECT_THAT(fleet.ExpectPings(/*everybody=*/true, now), ElementsAre(london.name()));
  now += std::chrono::seconds(1);
  EXPECT_THAT(fleet.DropSilent(now), ElementsAre());
  fleet.OnPing(london.name(), now, std::nullopt);
  now += kLongestSilence;
  EXPECT_THAT(fleet.ExpectPings(/*everybody=*/true, now), ElementsAre(london.name()));
  EXPECT_THAT(fleet.DropSilent(now), ElementsAre());
  EXPECT_THAT(fleet.DropSilent(now + std::chrono::milliseconds(1)), ElementsAre(london.name()));
}

TEST(FleetTest, NodesOfALargeFleetAreToldToMakePausesAndMayBeSilentForLonger) {
  constexpr int kNodes = 5000;
  FakeEvents events;
  Fleet fleet({}, events);
  std::vector<std::unique_ptr<FakeAgent>> agents;
  for (int i = 0; i < kNodes; ++i) {
    agents.push_back(std::make_unique<FakeAgent>(absl::StrCat("node-", i), "172.32.4.2"));
    ASSERT_TRUE(agents.back()->Join(fleet).ok());
  }
  const auto told = [](FakeAgent& agent) {
    return *DecodeDuration(agent.Take(v1::SessionResponse::kWelcome).front().welcome().pause());
  };
  EXPECT_EQ(told(*agents.front()), PauseOf(1));
  EXPECT_EQ(told(*agents.back()), std::chrono::seconds(2));
  const NodeName node = agents.front()->name();
  MonotonicTime now{std::chrono::seconds(100)};
  EXPECT_EQ(fleet.OnPing(node, now, std::nullopt), std::chrono::seconds(2));
  fleet.ExpectPings(/*everybody=*/true, now - std::chrono::seconds(1));
  now += std::chrono::seconds(6);
  EXPECT_THAT(fleet.DropSilent(now), IsEmpty());
  for (const auto& agent : agents) {
    if (agent != agents.front()) agent->Leave(fleet);
  }
  // The pauses count that it knows of.
  EXPECT_THAT(fleet.DropSilent(now), IsEmpty());
  EXPECT_THAT(fleet.DropSilent(now + std::chrono::milliseconds(1)), ElementsAre(node));
  EXPECT_EQ(fleet.LongestPause(), Duration(0));
  ASSERT_TRUE(agents.front()->Join(fleet).ok());
  EXPECT_EQ(fleet.OnPing(node, now, std::nullopt), PauseOf(1));
}

// It has planned its next ping by what it was told before.
TEST(FleetTest, ANodeThatIsToldOfShorterPausesMayMakeOneMoreLongOne) {
  FakeEvents events;
  Fleet fleet({}, events);
  std::vector<std::unique_ptr<FakeAgent>> agents;
  for (int i = 0; i < 5000; ++i) {
    agents.push_back(std::make_unique<FakeAgent>(absl::StrCat("node-", i), "172.32.4.2"));
    ASSERT_TRUE(agents.back()->Join(fleet).ok());
  }
  const NodeName node = agents.back()->name();
  for (const auto& agent : agents) {
    if (agent != agents.back()) agent->Leave(fleet);
  }
  EXPECT_EQ(fleet.LongestPause(), std::chrono::seconds(2));
  MonotonicTime now{std::chrono::seconds(100)};
  EXPECT_EQ(fleet.OnPing(node, now, std::nullopt), PauseOf(1));
  fleet.ExpectPings(/*everybody=*/true, now - std::chrono::seconds(1));
  now += std::chrono::seconds(6);
  EXPECT_THAT(fleet.DropSilent(now), IsEmpty());
  fleet.OnPing(node, now, std::nullopt);
  EXPECT_EQ(fleet.LongestPause(), PauseOf(1));
  EXPECT_THAT(fleet.DropSilent(now + kLongestSilence), IsEmpty());
  EXPECT_THAT(fleet.DropSilent(now + kLongestSilence + std::chrono::milliseconds(1)), ElementsAre(node));
}

TEST(FleetTest, WhoHasSeenSomethingIsToldThatItWasTaken) {
  FakeEvents events;
  Fleet fleet({}, events);
  FakeAgent london("lon-1", "172.32.4.2");
  ASSERT_TRUE(london.Join(fleet).ok());
  MonotonicTime now{std::chrono::seconds(100)};
  v1::Observation observation;
  observation.set_number(1);
  fleet.Take(london.name(), observation);
  EXPECT_THAT(fleet.ExpectPings(/*everybody=*/false, now), ElementsAre());
  observation.set_number(2);
  observation.add_windows()->set_peer("lon-1");
  fleet.Take(london.name(), observation);
  EXPECT_THAT(fleet.ExpectPings(/*everybody=*/false, now), ElementsAre(london.name()));
  EXPECT_THAT(fleet.ExpectPings(/*everybody=*/false, now), ElementsAre());
}

TEST(FleetTest, OnlyConnectedNodesAreInTheInventory) {
  FakeEvents events;
  Fleet fleet({}, events);
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
  FakeEvents events;
  Fleet fleet({.port = 7777}, events);
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
  FakeEvents events;
  Fleet fleet({}, events);
  FakeAgent london("lon-1", "172.32.4.2");
  FakeAgent paris("par-1", "172.33.4.2");
  ASSERT_TRUE(london.Join(fleet).ok());
  ASSERT_TRUE(paris.Join(fleet).ok());
  fleet.RenewProbes(MonotonicTime());
  paris.Take(v1::SessionResponse::kProbeConfig);
  v1::NodeInfo info = london.info();
  info.set_incarnation(77);
  info.mutable_addresses(0)->set_address(IpAddress::Parse("172.32.4.9")->ToBytes());
  ASSERT_TRUE(fleet.Update(london.name(), info).ok());
  EXPECT_EQ(fleet.Snapshot().nodes[0].addresses[0].ToString(), "172.32.4.9");
  EXPECT_EQ(fleet.Nodes()[0].info().incarnation(), london.info().incarnation());
  fleet.RenewProbes(MonotonicTime());
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

// The keys of the last configuration that the agent was sent since the last time; none: nothing was sent.
std::vector<std::string> KeysOf(FakeAgent& agent) {
  const auto configs = agent.Take(v1::SessionResponse::kProbeConfig);
  if (configs.empty()) return {};
  const auto& keys = configs.back().probe_config().keys();
  return {keys.begin(), keys.end()};
}

class ProbeKeysOfAFleetTest : public ::testing::Test {
 protected:
  ProbeKeysOfAFleetTest() {
    for (FakeAgent* agent : {&london_, &paris_}) EXPECT_TRUE(agent->Join(fleet_).ok());
    Pass(Duration(0));
    first_ = KeysOf(paris_);
    KeysOf(london_);
  }
  // The fleet is looked after every second.
  void Pass(Duration time) {
    for (const MonotonicTime until = now_ + time; now_ < until; now_ += std::chrono::seconds(1)) {
      fleet_.RenewProbes(now_);
    }
    fleet_.RenewProbes(now_);
  }

  FakeEvents events_;
  Fleet fleet_{{.token = 42}, events_};
  FakeAgent london_{"lon-1", "172.32.4.2"};
  FakeAgent paris_{"par-1", "172.33.4.2"};
  MonotonicTime now_{std::chrono::hours(1)};
  std::vector<std::string> first_;
};

TEST_F(ProbeKeysOfAFleetTest, AllAreToldEachStepAtOnceAndTheNextWhenItHasBeenRead) {
  using std::chrono::seconds;
  ASSERT_EQ(first_.size(), 1u);
  fleet_.RenewKeys();
  Pass(seconds(14));
  const std::vector<std::string> both = KeysOf(london_);
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both[0], first_[0]);
  EXPECT_EQ(KeysOf(paris_), both);
  Pass(seconds(2));
  EXPECT_THAT(KeysOf(london_), ElementsAre(both[1], both[0]));
  EXPECT_THAT(KeysOf(paris_), ElementsAre(both[1], both[0]));
  Pass(seconds(74));
  EXPECT_THAT(KeysOf(paris_), IsEmpty());
  Pass(seconds(3));
  EXPECT_THAT(KeysOf(paris_), ElementsAre(both[1]));
  Pass(seconds(1000));
  EXPECT_THAT(KeysOf(paris_), IsEmpty());
}

TEST_F(ProbeKeysOfAFleetTest, ANodeThatDialsAgainIsWaitedFor) {
  fleet_.RenewKeys();
  Pass(std::chrono::seconds(10));
  KeysOf(london_);
  paris_.Leave(fleet_);
  Pass(std::chrono::minutes(14));
  EXPECT_THAT(KeysOf(london_), IsEmpty());
  ASSERT_TRUE(paris_.Join(fleet_).ok());
  Pass(std::chrono::seconds(10));
  const std::vector<std::string> both = KeysOf(paris_);
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both[0], first_[0]);
  Pass(std::chrono::seconds(10));
  EXPECT_THAT(KeysOf(paris_), ElementsAre(both[1], both[0]));
}

TEST_F(ProbeKeysOfAFleetTest, ANodeThatIsLostForGoodIsNot) {
  paris_.Leave(fleet_);
  fleet_.RenewKeys();
  Pass(std::chrono::minutes(14));
  EXPECT_EQ(KeysOf(london_).at(0), first_[0]);
  Pass(std::chrono::minutes(1));
  EXPECT_NE(KeysOf(london_).at(0), first_[0]);
}

TEST_F(ProbeKeysOfAFleetTest, ANodeThatComesAndGoesIsNotWaitedForForEver) {
  fleet_.RenewKeys();
  for (int minute = 0; minute < 18; ++minute) {
    Pass(std::chrono::seconds(55));
    paris_.Leave(fleet_);
    Pass(std::chrono::seconds(4));
    ASSERT_TRUE(paris_.Join(fleet_).ok());
    if (minute == 14) EXPECT_EQ(KeysOf(london_).size(), 2u);
  }
  const std::vector<std::string> keys = KeysOf(london_);
  ASSERT_EQ(keys.size(), 1u);
  EXPECT_NE(keys, first_);
}

TEST_F(ProbeKeysOfAFleetTest, ANodeThatIsSentAwayCannotSignBeforeLong) {
  ASSERT_TRUE(fleet_.Close(paris_.name(), absl::PermissionDeniedError("revoked")));
  Pass(std::chrono::seconds(92));
  const std::vector<std::string> keys = KeysOf(london_);
  ASSERT_EQ(keys.size(), 1u);
  EXPECT_NE(keys, first_);
  EXPECT_THAT(KeysOf(paris_), IsEmpty());
}

TEST_F(ProbeKeysOfAFleetTest, NorCanOneThatWasNotConnectedWhenItWasSentAway) {
  paris_.Leave(fleet_);
  EXPECT_FALSE(fleet_.Close(paris_.name(), absl::PermissionDeniedError("revoked")));
  Pass(std::chrono::seconds(92));
  const std::vector<std::string> keys = KeysOf(london_);
  ASSERT_EQ(keys.size(), 1u);
  EXPECT_NE(keys, first_);
}

TEST(FleetTest, TakesEachObservationOfAProcessOnce) {
  FakeEvents events;
  Fleet fleet({}, events);
  FakeAgent london("lon-1", "172.32.4.2", 1);
  v1::Observation observation;
  observation.set_number(7);
  EXPECT_FALSE(fleet.IsWanted(london.name(), observation, FakeClock::kStart));
  ASSERT_TRUE(london.Join(fleet).ok());
  EXPECT_EQ(fleet.ObservationsTaken(london.name()), 0u);
  EXPECT_FALSE(fleet.SeenUntil(london.name()).has_value());
  *observation.mutable_until() = EncodeDuration(std::chrono::seconds(50));
  EXPECT_TRUE(fleet.IsWanted(london.name(), observation, FakeClock::kStart));
  fleet.Take(london.name(), observation);
  EXPECT_FALSE(fleet.IsWanted(london.name(), observation, FakeClock::kStart));
  EXPECT_EQ(fleet.ObservationsTaken(london.name()), 7u);
  EXPECT_EQ(fleet.SeenUntil(london.name()), ControllerTime(std::chrono::seconds(50)));
  // Its next session, and then its next life.
  london.Leave(fleet);
  ASSERT_TRUE(london.Join(fleet).ok());
  EXPECT_FALSE(fleet.IsWanted(london.name(), observation, FakeClock::kStart));
  london.Leave(fleet);
  london.info().set_incarnation(2);
  ASSERT_TRUE(london.Join(fleet).ok());
  EXPECT_TRUE(fleet.IsWanted(london.name(), observation, FakeClock::kStart));
  EXPECT_FALSE(fleet.SeenUntil(london.name()).has_value());
  // That of an older agent has no number.
  fleet.Take(london.name(), observation);
  EXPECT_TRUE(fleet.IsWanted(london.name(), {}, FakeClock::kStart));
}

TEST(FleetTest, TellsOfLostObservationsOnce) {
  FakeEvents events;
  Fleet fleet({}, events);
  FakeAgent london("lon-1", "172.32.4.2");
  ASSERT_TRUE(london.Join(fleet).ok());
  v1::Observation observation;
  std::vector<std::uint64_t> lost;
  for (const std::uint64_t dropped : {0, 30, 30, 42}) {
    observation.set_number(observation.number() + 1);
    observation.set_dropped(dropped);
    lost.push_back(fleet.Take(london.name(), observation));
  }
  EXPECT_THAT(lost, ElementsAre(0, 30, 0, 12));
  EXPECT_THAT(events.Texts(v1::EVENT_KIND_OBSERVATIONS_DROPPED),
              ElementsAre("30 windows were lost there", "12 windows were lost there"));
}

TEST(FleetTest, TellsOfNodesThatComeAndGo) {
  FakeEvents events;
  Fleet fleet({}, events);
  FakeAgent london("lon-1", "172.32.4.2");
  FakeAgent paris("par-1", "172.33.4.2");
  ASSERT_TRUE(london.Join(fleet).ok());
  ASSERT_TRUE(paris.Join(fleet).ok());
  EXPECT_THAT(events.Texts(v1::EVENT_KIND_NODE_CONNECTED),
              ElementsAre("Linux 6.1.0, 172.32.4.2", "Linux 6.1.0, 172.33.4.2"));
  EXPECT_EQ(events.Of(v1::EVENT_KIND_NODE_CONNECTED)[1].node(), "par-1");
  london.Leave(fleet);
  london.Leave(fleet);
  const MonotonicTime now{std::chrono::seconds(100)};
  fleet.OnPing(paris.name(), now - kLongestIdleSilence - std::chrono::seconds(1), std::nullopt);
  fleet.DropSilent(now);
  EXPECT_THAT(events.Texts(v1::EVENT_KIND_NODE_LOST),
              ElementsAre("its session ended", "it has been silent for too long"));
}

TEST(FleetTest, TellsWhatHasChangedOfANode) {
  FakeEvents events;
  Fleet fleet({}, events);
  FakeAgent london("lon-1", "172.32.4.2");
  ASSERT_TRUE(london.Join(fleet).ok());
  v1::NodeInfo info = london.info();
  ASSERT_TRUE(fleet.Update(london.name(), info).ok());
  EXPECT_TRUE(events.Of(v1::EVENT_KIND_NODE_CHANGED).empty());
  info.mutable_addresses(0)->set_interface("eth1");
  ASSERT_TRUE(fleet.Update(london.name(), info).ok());
  // Its next session is of another kernel.
  london.Leave(fleet);
  *london.info().mutable_capabilities() = EncodeCapabilities({Capability::kIngressHook}, {.kernel_release = "6.2"});
  (*london.info().mutable_labels())["az"] = "a";
  ASSERT_TRUE(london.Join(fleet).ok());
  const std::vector<std::string> changes = events.Texts(v1::EVENT_KIND_NODE_CHANGED);
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0], "came: 172.32.4.2 on eth1; gone: 172.32.4.2 on eth0");
  EXPECT_THAT(changes[1],
              ::testing::StartsWith("came: 172.32.4.2 on eth0, Linux 6.2, az=a; gone: 172.32.4.2 on eth1, "));
  EXPECT_THAT(changes[1], ::testing::HasSubstr("netem qdisc"));
}

}  // namespace
}  // namespace faultline
