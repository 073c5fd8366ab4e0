// Faults beside a WireGuard tunnel, whose interface has no link header: on its ends, and on what is inside.

#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/lab/kernel/linux_kernel_fixture.h"

namespace faultline::testing {
namespace {

// wg0 in both namespaces, over the wire between them.
class WireGuardTest : public LinuxKernelTest {
 protected:
  static constexpr char kNodeInside[] = "10.8.0.1";
  static constexpr char kPeerInside[] = "10.8.0.2";

  void SetUp() override {
    LinuxKernelTest::SetUp();
    if (IsSkipped()) return;
    FAULTLINE_SKIP_IF(WhyNoEgress());
    FAULTLINE_SKIP_IF(WhyNo({Capability::kRateLane}));
    FAULTLINE_SKIP_IF(WhyNoWireGuard());
    const std::string node_key = Command("wg genkey");
    const std::string peer_key = Command("wg genkey");
    Dig(node(), node_key, kNodeInside, peer_key, kPeer4, kPeerInside);
    Dig(peer(), peer_key, kPeerInside, node_key, kNode4, kNodeInside);
    // The tunnel is there once both have shaken hands.
    EXPECT_TRUE(Passes(peer(), kPeerInside, node(), kNodeInside));
    EXPECT_TRUE(Passes(node(), kNodeInside, peer(), kPeerInside));
  }

  void TearDown() override {
    if (!IsSkipped()) {
      ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
      EXPECT_TRUE(In() && Out());
      node().Run("ip link del wg0");
    }
    LinuxKernelTest::TearDown();
  }

  std::string WhyNoWireGuard() {
    const InNetns inside(node());
    if (RunCommand({"ip", "link", "add", "wg0", "type", "wireguard"}).code != 0) {
      return "this kernel has no wireguard devices";
    }
    Command("ip link del wg0");
    return "";
  }

  static void Dig(const Netns& netns, const std::string& key, const std::string& inside, const std::string& far_key,
                  const std::string& far, const std::string& far_inside) {
    netns.Run("ip link add wg0 type wireguard");
    netns.Run(absl::StrCat("ip address add ", inside, "/24 dev wg0"));
    netns.Run("wg set wg0 listen-port 51820 private-key /proc/self/fd/0", key);
    const std::string far_public = Command("wg pubkey", far_key);
    netns.Run(absl::StrCat("wg set wg0 peer ", far_public.substr(0, far_public.find('\n')), " endpoint ", far,
                           ":51820 allowed-ips ", far_inside, "/32"));
    netns.Run("ip link set wg0 addrgenmode none up");
  }

  // A packet that begins a handshake waits for it.
  static bool Passes(const Netns& from_netns, const std::string& from, const Netns& to_netns, const std::string& to) {
    UdpSocket sender(from_netns, from, 0);
    UdpSocket receiver(to_netns, to, 3000);
    return sender.SendTo(to, 3000, "packet") == 0 && !receiver.Receive(std::chrono::seconds(10)).empty();
  }
  bool In() { return SendAndCount(peer(), kPeerInside, node(), kNodeInside).arrived == 10; }
  bool Out() { return SendAndCount(node(), kNodeInside, peer(), kPeerInside).arrived == 10; }

  static Program On(std::initializer_list<const char*> far, std::vector<Program::StepRules> steps) {
    Program program = ParisIngressProgram("r");
    program.devices = {"eth0", "wg0"};
    program.prefix_sets = {Prefixes(far)};
    program.steps = std::move(steps);
    return program;
  }
  static Program::StepRules Lanes() {
    Impairment fast;
    fast.rate = BitRate{1'000'000'000};
    return {.index = 0,
            .effect = fast,
            .incoming = {{.sources = 0}},
            .outgoing = {{.destinations = 0}},
            .lane = LaneKind::kRate};
  }

  void InstallOpen(const Program& program) {
    ASSERT_THAT(kernel_->Install(program), IsOk());
    ASSERT_THAT(OpenGate("r", 0), IsOk());
  }
  RuleCounters Counted() {
    const auto counters = kernel_->ReadCounters(RunId("r"));
    EXPECT_THAT(counters, IsOk());
    return counters.ok() && !counters->empty() ? counters->front() : RuleCounters();
  }
  // Whether the step gets to choose a packet.
  bool AwaitCounted() {
    for (int attempt = 0; attempt < 500 && Counted().packets == 0; ++attempt) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return Counted().packets > 0;
  }
  // Bytes that the node has from the tunnel, before it looks inside.
  std::uint64_t Received() {
    std::uint64_t bytes = 0;
    const std::vector<std::string> words = absl::StrSplit(node().Run("wg show wg0 transfer"), '\t');
    EXPECT_TRUE(words.size() == 3 && absl::SimpleAtoi(words[1], &bytes));
    return bytes;
  }
};

TEST_F(WireGuardTest, IsCutByItsEnds) {
  InstallOpen(On({"172.33.0.0/16"}, {{.index = 0, .incoming = {{.sources = 0}}}}));
  UdpSocket sender(peer(), kPeerInside, 0);
  UdpSocket receiver(node(), kNodeInside, 3000);
  EXPECT_EQ(sender.SendTo(kNodeInside, 3000, "packet"), 0);
  EXPECT_TRUE(AwaitCounted());
  EXPECT_EQ(receiver.Receive(Duration(0)), "");
  EXPECT_TRUE(Passes(node(), kNodeInside, peer(), kPeerInside)) << "the other way is open";
}

TEST_F(WireGuardTest, IsCutByItsEndsAtTheSender) {
  InstallOpen(On({"172.33.0.0/16"}, {{.index = 0, .outgoing = {{.destinations = 0}}}}));
  UdpSocket sender(node(), kNodeInside, 0);
  UdpSocket receiver(peer(), kPeerInside, 3000);
  EXPECT_EQ(sender.SendTo(kPeerInside, 3000, "packet"), 0);
  EXPECT_TRUE(AwaitCounted());
  EXPECT_EQ(receiver.Receive(Duration(0)), "");
  EXPECT_TRUE(Passes(peer(), kPeerInside, node(), kNodeInside)) << "the other way is open";
}

TEST_F(WireGuardTest, WhatIsInsideIsCutByItsOwnAddresses) {
  InstallOpen(On({kPeerInside}, {{.index = 0, .incoming = {{.sources = 0}}}}));
  const std::uint64_t received = Received();
  EXPECT_FALSE(In());
  EXPECT_EQ(Counted().packets, 10u);
  EXPECT_GT(Received(), received) << "the tunnel itself stands";
  EXPECT_TRUE(Out());
  EXPECT_TRUE(PeerReachesNode(Family::kIpv4));
}

TEST_F(WireGuardTest, WhatIsInsideIsSwallowedAtItsSender) {
  InstallOpen(On({kPeerInside}, {{.index = 0, .outgoing = {{.destinations = 0}}}}));
  EXPECT_FALSE(Out());
  EXPECT_EQ(Counted().packets, 10u);
  EXPECT_TRUE(In());
  EXPECT_TRUE(NodeReachesPeer(Family::kIpv4));
}

TEST_F(WireGuardTest, WhatIsInsidePassesLanes) {
  Program program = On({kPeerInside}, {Lanes()});
  // Otherwise the fence would overtake the ten before it.
  program.protect.ports.clear();
  InstallOpen(program);
  EXPECT_TRUE(In());
  EXPECT_EQ(Counted().passed, 11u);
  EXPECT_TRUE(Out());
  EXPECT_EQ(Counted().passed, 22u);
  EXPECT_EQ(Counted().packets, 22u);
}

// Of both, as a group has them that names nodes: the tunnel's packet is one and what is inside of it another.
TEST_F(WireGuardTest, GroupsOfBothAddressesImpairBoth) {
  Program program = On({kPeerInside, "172.33.0.0/16"}, {Lanes()});
  program.protect.ports.clear();
  InstallOpen(program);
  EXPECT_TRUE(In());
  // The ten and the fence, each with the tunnel's packet that has it; handshakes may add.
  EXPECT_GE(Counted().passed, 22u);
}

}  // namespace
}  // namespace faultline::testing
