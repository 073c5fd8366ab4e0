// A run that learns of an interface after it was installed.

#include "tests/lab/kernel/linux_kernel_fixture.h"
#include "tests/lab/kernel/tcp.h"

namespace faultline::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class AttachTest : public LinuxKernelTest {
 protected:
  static constexpr char kNodeB[] = "10.7.0.1";
  static constexpr char kPeerB[] = "10.7.0.2";

  // A second wire, eth1 on both ends.
  void Plug() {
    node().Run("ip link add eth1 type veth peer name eth1 netns " + peer().path());
    node().Run("ip link set eth1 addrgenmode none up");
    peer().Run("ip link set eth1 addrgenmode none up");
    node().Run("ip address add 10.7.0.1/24 dev eth1");
    peer().Run("ip address add 10.7.0.2/24 dev eth1");
  }
  void Unplug() { node().Run("ip link del eth1"); }

  static Program Ours(const std::string& run) {
    Program program = ParisIngressProgram(run);
    program.prefix_sets = {Prefixes({"172.33.0.0/16", "10.7.0.2"})};
    return program;
  }

  bool InB() { return SendAndCount(peer(), kPeerB, node(), kNodeB).arrived == 10; }
  bool OutB() { return SendAndCount(node(), kNodeB, peer(), kPeerB).arrived == 10; }

  std::uint64_t Counted(const std::string& run, StepIndex step = 0) {
    const auto counters = kernel_->ReadCounters(RunId(run));
    EXPECT_THAT(counters, IsOk());
    if (!counters.ok()) return 0;
    for (const RuleCounters& counter : *counters) {
      if (counter.step == step) return counter.packets;
    }
    return 0;
  }
};

TEST_F(AttachTest, TheGatesAreThoseOfTheOtherInterfaces) {
  ASSERT_THAT(kernel_->Install(Ours("r")), IsOk());
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  Plug();
  EXPECT_TRUE(InB());
  ASSERT_THAT(kernel_->Attach(RunId("r"), "eth1"), IsOk());
  EXPECT_FALSE(InB()) << "the gate is open";
  EXPECT_FALSE(PeerReachesNode(Family::kIpv4));
  EXPECT_EQ(Counted("r"), 20u);
  ASSERT_THAT(CloseGate("r", 0), IsOk());
  EXPECT_TRUE(InB());
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  EXPECT_FALSE(InB());
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  EXPECT_TRUE(InB());
  EXPECT_EQ(node().Run("nft list tables"), "");
  Unplug();
}

TEST_F(AttachTest, LanesMakeRoomForItsPackets) {
  FAULTLINE_SKIP_IF(WhyNo({Capability::kRateLane}));
  Program program = Ours("r");
  Impairment fast;
  fast.rate = BitRate{1'000'000'000};
  program.steps = {{.index = 0, .effect = fast, .incoming = {{.sources = 0}}, .lane = LaneKind::kRate}};
  ASSERT_THAT(kernel_->Install(program), IsOk());
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  Plug();
  for (const Netns* netns : {&node(), &peer()}) netns->Run("ip link set eth1 mtu 9001");
  ASSERT_THAT(kernel_->Attach(RunId("r"), "eth1"), IsOk());
  // Echoed in one packet each way.
  peer().Run("ping -c 1 -W 2 -M do -s 8900 10.7.0.1");
  EXPECT_EQ(Counted("r"), 1u);
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  Unplug();
}

TEST_F(AttachTest, EveryPlaceIsAttached) {
  FAULTLINE_SKIP_IF(WhyNoEgress());
  FAULTLINE_SKIP_IF(WhyNo({Capability::kRateLane, Capability::kReject, Capability::kRejectOutgoing}));
  Program program = Ours("r");
  Impairment fast;
  fast.rate = BitRate{1'000'000'000};
  program.steps = {{.index = 0,
                    .filter = {.protocol = Protocol::kUdp, .destination_ports = {{3000, 3000}}},
                    .incoming = {{.sources = 0}}},
                   {.index = 1,
                    .filter = {.protocol = Protocol::kUdp, .destination_ports = {{3000, 3000}}},
                    .outgoing = {{.destinations = 0}}},
                   {.index = 2,
                    .effect = Reject(),
                    .filter = {.protocol = Protocol::kTcp, .destination_ports = {{3001, 3001}}},
                    .outgoing = {{.destinations = 0}}},
                   {.index = 3,
                    .effect = fast,
                    .incoming = {{.sources = 0}},
                    .outgoing = {{.destinations = 0}},
                    .lane = LaneKind::kRate}};
  program.steps.insert(
      program.steps.begin() + 3,
      {.index = 4,
       .filter = {.protocol = Protocol::kTcp, .destination_ports = {{3002, 3002}}, .connection = Connection::kNew},
       .incoming = {{.sources = 0}}});
  Plug();
  ASSERT_THAT(kernel_->Install(program), IsOk());
  for (const Program::StepRules& step : program.steps) ASSERT_THAT(OpenGate("r", step.index), IsOk());
  const TcpListener node_listener(node(), 3002);
  const TcpListener peer_listener(peer(), 3001);
  EXPECT_TRUE(InB());
  EXPECT_TRUE(OutB());
  EXPECT_EQ(Connect(node(), kPeerB, 3001).error, 0);
  EXPECT_EQ(Connect(peer(), kNodeB, 3002).error, 0);
  EXPECT_EQ(Counted("r", 3), 0u);
  ASSERT_THAT(kernel_->Attach(RunId("r"), "eth1"), IsOk());
  EXPECT_FALSE(InB());
  EXPECT_FALSE(OutB());
  EXPECT_EQ(Connect(node(), kPeerB, 3001).error, ECONNREFUSED);
  EXPECT_EQ(Connect(peer(), kNodeB, 3002).error, ETIMEDOUT);
  EXPECT_EQ(Connect(peer(), kNodeB, 3003).error, ECONNREFUSED) << "nobody listens there";
  // A SYN in that was dropped later, a SYN in and its answer out; and what older connections still had to say.
  EXPECT_GE(Counted("r", 3), 3u);
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  Unplug();
}

TEST_F(AttachTest, OfAnInterfaceThatIsThereIsNoChange) {
  Plug();
  Program program = Ours("r");
  program.devices = {"eth0", "eth1"};
  ASSERT_THAT(kernel_->Install(program), IsOk());
  const std::string installed = node().State();
  EXPECT_THAT(kernel_->Attach(RunId("r"), "eth0"), IsOk());
  EXPECT_THAT(kernel_->Attach(RunId("r"), "eth1"), IsOk());
  EXPECT_EQ(node().State(), installed);
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  program.devices = {"eth0"};
  ASSERT_THAT(kernel_->Install(program), IsOk());
  ASSERT_THAT(kernel_->Attach(RunId("r"), "eth1"), IsOk());
  const std::string attached = node().State();
  EXPECT_NE(attached, installed);
  EXPECT_THAT(kernel_->Attach(RunId("r"), "eth1"), IsOk());
  EXPECT_EQ(node().State(), attached);
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  Unplug();
}

// Of those that were there from the beginning, and of those attached.
TEST_F(AttachTest, AfterAnInterfaceWasAway) {
  for (const bool from_the_beginning : {true, false}) {
    SCOPED_TRACE(from_the_beginning);
    Plug();
    Program program = Ours("r");
    if (from_the_beginning) program.devices = {"eth0", "eth1"};
    ASSERT_THAT(kernel_->Install(program), IsOk());
    ASSERT_THAT(OpenGate("r", 0), IsOk());
    if (!from_the_beginning) {
      ASSERT_THAT(kernel_->Attach(RunId("r"), "eth1"), IsOk());
    }
    EXPECT_FALSE(InB());
    for (int i = 0; i < 3; ++i) {
      Unplug();
      EXPECT_THAT(kernel_->Attach(RunId("r"), "eth1"),
                  StatusIs(absl::StatusCode::kNotFound, HasSubstr("attach run r to eth1: there is no interface eth1")));
      EXPECT_THAT(OpenGate("r", 0), IsOk());
      Plug();
      ASSERT_THAT(kernel_->Attach(RunId("r"), "eth1"), IsOk());
      const std::uint64_t counted = Counted("r");
      EXPECT_FALSE(InB());
      EXPECT_EQ(Counted("r"), counted + 10) << "each counts once";
    }
    EXPECT_FALSE(PeerReachesNode(Family::kIpv4));
    Unplug();
    EXPECT_THAT(kernel_->Remove(RunId("r")), IsOk());
    EXPECT_EQ(node().State(), before());
  }
}

// Its last device goes, and the base chain with it on some kernels.
TEST_F(AttachTest, AfterTheOnlyInterfaceWasAway) {
  Plug();
  Program program = Ours("r");
  program.devices = {"eth1"};
  ASSERT_THAT(kernel_->Install(program), IsOk());
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  EXPECT_FALSE(InB());
  Unplug();
  Plug();
  ASSERT_THAT(kernel_->Attach(RunId("r"), "eth1"), IsOk());
  EXPECT_FALSE(InB());
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  EXPECT_TRUE(InB());
  Unplug();
}

TEST_F(AttachTest, RemovedBesideAnotherRun) {
  ASSERT_THAT(kernel_->Install(Ours("other")), IsOk());
  const std::string with_other = node().State();
  Plug();
  ASSERT_THAT(kernel_->Install(Ours("r")), IsOk());
  ASSERT_THAT(kernel_->Attach(RunId("r"), "eth1"), IsOk());
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  EXPECT_FALSE(InB());
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  EXPECT_TRUE(InB());
  Unplug();
  EXPECT_EQ(node().State(), with_other);
}

TEST_F(AttachTest, RefusesWhatCannotBe) {
  EXPECT_THAT(kernel_->Attach(RunId("r"), "eth0"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("run r is not")));
  ASSERT_THAT(kernel_->Install(Ours("r")), IsOk());
  EXPECT_THAT(kernel_->Attach(RunId("r"), "lo"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("loopback")));
  // A run without rules touches nothing.
  ASSERT_THAT(kernel_->Install({.run = RunId("watcher")}), IsOk());
  const std::string installed = node().State();
  EXPECT_THAT(kernel_->Attach(RunId("watcher"), "eth0"), IsOk());
  EXPECT_EQ(node().State(), installed);
}

}  // namespace
}  // namespace faultline::testing
