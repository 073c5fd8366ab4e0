// Gates on a real kernel: what opening, renewing, switching, closing and expiry do to packets.

#include <sched.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "tests/lab/kernel/linux_kernel_fixture.h"

namespace faultline::testing {
namespace {

class GateTest : public LinuxKernelTest {};

TEST_F(GateTest, DropsInExactlyItsDirection) {
  FAULTLINE_SKIP_IF(WhyNoEgress());
  ASSERT_THAT(kernel_->Install(ParisProgram("r")), IsOk());
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  EXPECT_EQ(Reachable(), "out4 out6");
  ASSERT_THAT(CloseGate("r", 0), IsOk());
  EXPECT_EQ(Reachable(), "in4 in6 out4 out6");
  ASSERT_THAT(OpenGate("r", 1), IsOk());
  EXPECT_EQ(Reachable(), "in4 in6");
  ASSERT_THAT(CloseGate("r", 1), IsOk());
  EXPECT_EQ(Reachable(), "in4 in6 out4 out6");
}

TEST_F(GateTest, OneGateActsOnBothDirections) {
  FAULTLINE_SKIP_IF(WhyNoEgress());
  Program program = ParisProgram("r");
  program.steps = {{.index = 4, .incoming = {{.sources = 0}}, .outgoing = {{.destinations = 0}}}};
  ASSERT_THAT(kernel_->Install(program), IsOk());
  ASSERT_THAT(OpenGate("r", 4), IsOk());
  EXPECT_EQ(Reachable(), "");
}

TEST_F(GateTest, OtherAddressesPass) {
  Program program = ParisIngressProgram("r");
  program.prefix_sets = {Prefixes({"172.33.12.0/24", "fd21:0:1::/48"})};
  ASSERT_THAT(kernel_->Install(program), IsOk());
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  EXPECT_EQ(Reachable(), "in4 in6 out4 out6");
}

// What is named has an outline of several blocks, and the peer is in one of them: named itself, or not.
TEST_F(GateTest, OfAnOutlineOnlyWhoIsNamedIsHit) {
  FAULTLINE_SKIP_IF(WhyNoEgress());
  for (const bool named : {false, true}) {
    Program program = ParisProgram(named ? "named" : "other");
    program.prefix_sets = {Prefixes({"172.33.8.0/23", named ? "172.33.11.90" : "172.33.10.1", "172.33.12.0/24",
                                     "fd21::800/119", named ? "fd21::b5a" : "fd21::a01", "fd21::c00/120"})};
    ASSERT_THAT(kernel_->Install(program), IsOk());
    ASSERT_THAT(OpenGate(program.run.text(), 0), IsOk());
    ASSERT_THAT(OpenGate(program.run.text(), 1), IsOk());
    EXPECT_EQ(Reachable(), named ? "" : "in4 in6 out4 out6");
  }
}

TEST_F(GateTest, ClosingAClosedOneIsNoError) {
  ASSERT_THAT(kernel_->Install(ParisIngressProgram("r")), IsOk());
  EXPECT_THAT(CloseGate("r", 0), IsOk());
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  EXPECT_THAT(CloseGate("r", 0), IsOk());
  EXPECT_THAT(CloseGate("r", 0), IsOk());
  EXPECT_TRUE(PeerReachesNode(Family::kIpv4));
}

// Sends without pause from the peer to a socket on the node, from a thread of its own, until it is stopped.
class Flood {
 public:
  Flood(const Netns& from, const std::string& source, const std::string& to)
      : socket_(from, source, 0), thread_([this, to] {
          LeaveOneCpu();
          while (!stop_) {
            socket_.SendTo(to, 3000, "flood");
            ++sent_;
          }
        }) {}
  ~Flood() { Stop(); }

  // How many were sent.
  int Stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    return sent_;
  }
  // Returns when that many more have been sent.
  void AwaitSent(int count) const {
    const int goal = sent_ + count;
    while (sent_ < goal) std::this_thread::yield();
  }

 private:
  // The test's thread has a CPU to itself: the flood runs beside it, not in turns with it.
  static void LeaveOneCpu() {
    cpu_set_t all;
    std::memset(&all, 0xff, sizeof(all));
    sched_setaffinity(0, sizeof(all), &all);
  }

  UdpSocket socket_;
  std::atomic<bool> stop_ = false;
  std::atomic<int> sent_ = 0;
  std::thread thread_;
};

// How many packets of a flood from Paris reached the node while `act` was done 500 times.
template <typename Act>
int Leaked(const Netns& node, const Netns& peer, const char* from, const char* to, const Act& act) {
  UdpSocket receiver(node, to, 3000);
  UdpSocket fence(node, to, kFencePort);
  Flood flood(peer, from, to);
  for (int i = 0; i < 500; ++i) {
    act(i, flood);
    flood.AwaitSent(5);
  }
  EXPECT_GT(flood.Stop(), 2500);
  UdpSocket(peer, from, 0).SendTo(to, kFencePort, "fence");
  EXPECT_EQ(fence.Receive(std::chrono::seconds(5)), "fence");
  int leaked = 0;
  while (!receiver.Receive(Duration(0)).empty()) ++leaked;
  return leaked;
}

TEST_F(GateTest, RenewalLeaksNoPacket) {
  ASSERT_THAT(kernel_->Install(ParisIngressProgram("r")), IsOk());
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  const auto renew = [this](int, const Flood&) { ASSERT_THAT(OpenGate("r", 0), IsOk()); };
  EXPECT_EQ(Leaked(node(), peer(), kPeer4, kNode4, renew), 0);
  EXPECT_EQ(Leaked(node(), peer(), kPeer6, kNode6, renew), 0);
}

// From each step to the one after it in the program, as plans do it. (To an earlier one a packet may slip through:
// Program::steps says why.)
TEST_F(GateTest, SwitchingToALaterStepLeaksNoPacket) {
  constexpr StepIndex kSteps = 25;
  Program program = ParisIngressProgram("r");
  program.steps.clear();
  // Against the order of their indices, which must not matter.
  for (StepIndex i = 0; i < kSteps; ++i) {
    program.steps.push_back({.index = kSteps - 1 - i, .incoming = {{.sources = 0}}});
  }
  ASSERT_THAT(kernel_->Install(program), IsOk());
  ASSERT_THAT(OpenGate("r", kSteps - 1), IsOk());
  const auto advance = [this](int i, const Flood& flood) {
    const StepIndex now = kSteps - 1 - static_cast<StepIndex>(i) % kSteps;
    if (now == 0) {
      // Back to the first: both are open until no packet is on its way that found the first one closed.
      ASSERT_THAT(OpenGate("r", kSteps - 1), IsOk());
      flood.AwaitSent(50);
      ASSERT_THAT(CloseGate("r", 0), IsOk());
      return;
    }
    const StepIndex close[] = {now};
    const GateOpening open[] = {{now - 1, kLong}};
    ASSERT_THAT(kernel_->Switch(RunId("r"), close, open), IsOk());
  };
  EXPECT_EQ(Leaked(node(), peer(), kPeer4, kNode4, advance), 0);
  EXPECT_EQ(Leaked(node(), peer(), kPeer4, kNode4, advance), 0);
}

// Whether packets get through again, within a time that no healthy kernel needs.
bool Heals(const Netns& node, const Netns& peer, const char* from, const char* to) {
  const SystemClock clock;
  const MonotonicTime deadline = clock.Now() + std::chrono::seconds(10);
  while (clock.Now() < deadline) {
    if (SendAndCount(peer, from, node, to, 3000, 1).arrived == 1) return true;
  }
  return false;
}

TEST_F(GateTest, EndsByItself) {
  ASSERT_THAT(kernel_->Install(ParisIngressProgram("r")), IsOk());
  const SystemClock clock;
  const MonotonicTime start = clock.Now();
  ASSERT_THAT(OpenGate("r", 0, std::chrono::milliseconds(400)), IsOk());
  EXPECT_FALSE(PeerReachesNode(Family::kIpv4));
  EXPECT_FALSE(PeerReachesNode(Family::kIpv6));
  EXPECT_TRUE(Heals(node(), peer(), kPeer4, kNode4));
  EXPECT_TRUE(Heals(node(), peer(), kPeer6, kNode6));
  // Of a kernel's jiffy early at most, as measured, and 20 ms to spare; how late depends on the machine.
  EXPECT_GE(clock.Now() - start, std::chrono::milliseconds(400 - 30));
  // Opening, closing and renewing work on what has ended.
  EXPECT_THAT(CloseGate("r", 0), IsOk());
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  EXPECT_FALSE(PeerReachesNode(Family::kIpv4));
}

TEST_F(GateTest, RenewalExtends) {
  ASSERT_THAT(kernel_->Install(ParisIngressProgram("r")), IsOk());
  ASSERT_THAT(OpenGate("r", 0, std::chrono::milliseconds(300)), IsOk());
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  std::this_thread::sleep_for(std::chrono::milliseconds(600));
  EXPECT_FALSE(PeerReachesNode(Family::kIpv4));
  EXPECT_FALSE(PeerReachesNode(Family::kIpv6));
}

TEST_F(GateTest, ATimeoutTooShortIsRaisedAndStillEnds) {
  ASSERT_THAT(kernel_->Install(ParisIngressProgram("r")), IsOk());
  ASSERT_THAT(OpenGate("r", 0, std::chrono::microseconds(1)), IsOk());
  EXPECT_THAT(node().Run("nft list set netdev faultline r/g0"), ::testing::HasSubstr("ip timeout 100ms"));
  EXPECT_TRUE(Heals(node(), peer(), kPeer4, kNode4));
}

TEST_F(GateTest, SwitchOfAFlushedTableSaysSo) {
  Open({.use_table_owner = false});
  ASSERT_THAT(kernel_->Install(ParisIngressProgram("r")), IsOk());
  node().Run("nft flush ruleset");
  EXPECT_THAT(OpenGate("r", 0),
              StatusIs(absl::StatusCode::kNotFound, ::testing::HasSubstr("switch run r: add elements of set r/g0")));
  EXPECT_THAT(kernel_->Remove(RunId("r")), IsOk());
}

}  // namespace
}  // namespace faultline::testing
