// Faults by the connection's state: as a security group has it, and the other way round.

#include <cerrno>

#include "tests/lab/kernel/linux_kernel_fixture.h"
#include "tests/lab/kernel/tcp.h"

namespace faultline::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Two sockets that know each other.
struct UdpFlow {
  UdpFlow(const Netns& a_netns, const std::string& a_address, const Netns& b_netns, const std::string& b_address,
          std::uint16_t port)
      : a(a_netns, a_address, port), b(b_netns, b_address, port), a_to(a_address), b_to(b_address), number(port) {}

  bool AToB() { return a.SendTo(b_to, number, "there") == 0 && b.Receive(std::chrono::milliseconds(300)) == "there"; }
  bool BToA() { return b.SendTo(a_to, number, "back") == 0 && a.Receive(std::chrono::milliseconds(300)) == "back"; }

  UdpSocket a;
  UdpSocket b;
  const std::string a_to;
  const std::string b_to;
  const std::uint16_t number;
};

class ConnectionTest : public LinuxKernelTest {
 protected:
  void SetUp() override {
    LinuxKernelTest::SetUp();
    if (!IsSkipped()) FAULTLINE_SKIP_IF(WhyNo({Capability::kConnectionState, Capability::kRejectOutgoing}));
  }

  static Program ByState(Connection connection, Effect effect, Protocol protocol = Protocol::kAny) {
    Program program = ParisIngressProgram("r");
    program.steps[0].effect = std::move(effect);
    program.steps[0].filter.connection = connection;
    program.steps[0].filter.protocol = protocol;
    return program;
  }

  // Whether the node's kernel tracks connections: one that has just been made is in the table, or not.
  bool Tracks() {
    const UdpSocket receiver(node(), kNode4, 3999);
    EXPECT_EQ(UdpSocket(peer(), kPeer4, 3999).SendTo(kNode4, 3999, "knock"), 0);
    return node().Run("cat /proc/thread-self/net/nf_conntrack").find("dport=3999") != std::string::npos;
  }
};

TEST_F(ConnectionTest, NewOnesAreKeptOutWhileOpenOnesLiveOn) {
  for (const bool reject : {false, true}) {
    for (const bool v4 : {true, false}) {
      const std::string node_address = v4 ? kNode4 : kNode6;
      const std::string peer_address = v4 ? kPeer4 : kPeer6;
      // Older than the run, and so than connection tracking.
      const TcpPair open = OpenTcp(peer(), node(), node_address, 3000);
      UdpFlow flow(peer(), peer_address, node(), node_address, 3500);
      ASSERT_TRUE(flow.AToB());
      ASSERT_TRUE(flow.BToA());
      ASSERT_THAT(kernel_->Install(ByState(Connection::kNew, reject ? Effect(Reject()) : Effect(Drop()))), IsOk());
      EXPECT_TRUE(Talk(open.client, open.server));
      ASSERT_TRUE(flow.AToB());
      ASSERT_TRUE(flow.BToA());

      ASSERT_THAT(OpenGate("r", 0), IsOk());
      const TcpListener node_listener(node(), 3001);
      const TcpListener peer_listener(peer(), 3001);
      EXPECT_TRUE(Talk(open.client, open.server));
      EXPECT_EQ(Connect(peer(), node_address, 3001).error, reject ? ECONNREFUSED : ETIMEDOUT);
      EXPECT_EQ(Connect(node(), peer_address, 3001).error, 0) << "the other direction opens";
      EXPECT_TRUE(flow.AToB()) << "the node has answered this flow";
      EXPECT_TRUE(flow.BToA());
      UdpFlow inward(peer(), peer_address, node(), node_address, 3501);
      EXPECT_FALSE(inward.AToB());
      UdpFlow outward(node(), node_address, peer(), peer_address, 3502);
      EXPECT_TRUE(outward.AToB());
      EXPECT_TRUE(outward.BToA()) << "an answer opens nothing";

      ASSERT_THAT(CloseGate("r", 0), IsOk());
      EXPECT_EQ(Connect(peer(), node_address, 3001).error, 0);
      ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
    }
  }
}

TEST_F(ConnectionTest, OpenOnesAreCutWhileNewOnesGetIn) {
  const TcpPair open = OpenTcp(peer(), node(), kNode4, 3000);
  UdpFlow flow(peer(), kPeer4, node(), kNode4, 3500);
  ASSERT_THAT(kernel_->Install(ByState(Connection::kEstablished, Drop())), IsOk());
  ASSERT_TRUE(flow.AToB());
  ASSERT_TRUE(flow.BToA());
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  EXPECT_FALSE(Talk(open.client, open.server));
  EXPECT_FALSE(flow.AToB());
  EXPECT_TRUE(flow.BToA());
  // A SYN gets in, and so does the first datagram of a flow that the node has not answered.
  UdpFlow inward(peer(), kPeer4, node(), kNode4, 3501);
  EXPECT_TRUE(inward.AToB());
  EXPECT_TRUE(inward.AToB());
}

TEST_F(ConnectionTest, CountsWhatItBlocks) {
  ASSERT_THAT(kernel_->Install(ByState(Connection::kNew, Drop())), IsOk());
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  EXPECT_FALSE(PeerReachesNode(Family::kIpv4));
  EXPECT_FALSE(PeerReachesNode(Family::kIpv6));
  const auto counters = kernel_->ReadCounters(RunId("r"));
  ASSERT_THAT(counters, IsOk());
  EXPECT_EQ(counters->front().packets, 20u);
}

TEST_F(ConnectionTest, ProtectedTrafficPasses) {
  const TcpListener listener(node(), 22);
  ASSERT_THAT(kernel_->Install(ByState(Connection::kNew, Drop())), IsOk());
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  EXPECT_EQ(Connect(peer(), kNode4, 22).error, 0);
  EXPECT_EQ(Connect(peer(), kNode6, 22).error, 0);
}

// Tracking costs every packet of the host something: it is on while a run needs it, and never for TCP.
TEST_F(ConnectionTest, ConnectionTrackingIsOnOnlyWhereItIsNeeded) {
  if (RunCommand({"test", "-r", "/proc/thread-self/net/nf_conntrack"}).code != 0) {
    GTEST_SKIP() << "this kernel has no /proc/net/nf_conntrack";
  }
  EXPECT_FALSE(Tracks());
  ASSERT_THAT(kernel_->Probe(), IsOk());
  EXPECT_FALSE(Tracks());
  for (const Connection connection : {Connection::kNew, Connection::kEstablished}) {
    ASSERT_THAT(kernel_->Install(ByState(connection, Reject(), Protocol::kTcp)), IsOk());
    EXPECT_FALSE(Tracks());
    ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  }
  Program both = ParisIngressProgram("r");
  both.steps[0].effect = Reject();
  both.steps[0].outgoing = {{.destinations = 0}};
  ASSERT_THAT(kernel_->Install(both), IsOk());
  EXPECT_FALSE(Tracks());
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  ASSERT_THAT(kernel_->Install(ByState(Connection::kNew, Drop())), IsOk());
  EXPECT_TRUE(Tracks());
}

TEST_F(ConnectionTest, TheSecondTableIsThereFromTheFirstRunThatNeedsItToTheLast) {
  const auto tables = [this] { return node().Run("nft list tables"); };
  ASSERT_THAT(kernel_->Install(ParisIngressProgram("a")), IsOk());
  EXPECT_THAT(tables(), Not(HasSubstr("inet")));
  Program program = ByState(Connection::kNew, Drop(), Protocol::kTcp);
  program.run = RunId("b");
  ASSERT_THAT(kernel_->Install(program), IsOk());
  program.run = RunId("c");
  ASSERT_THAT(kernel_->Install(program), IsOk());
  EXPECT_THAT(tables(), HasSubstr("table inet faultline"));
  ASSERT_THAT(kernel_->Remove(RunId("b")), IsOk());
  EXPECT_THAT(tables(), HasSubstr("table inet faultline"));
  ASSERT_THAT(kernel_->Remove(RunId("c")), IsOk());
  EXPECT_EQ(tables(), "table netdev faultline\n");
  ASSERT_THAT(kernel_->Remove(RunId("a")), IsOk());
  EXPECT_EQ(tables(), "");
}

}  // namespace
}  // namespace faultline::testing
