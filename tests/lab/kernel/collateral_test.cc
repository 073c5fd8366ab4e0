// What faults do to traffic that they do not name: nothing.

#include <atomic>
#include <thread>

#include "tests/lab/kernel/linux_kernel_fixture.h"

namespace faultline::testing {
namespace {

// Datagrams from Paris to the node, as fast as they arrive, from a thread of its own: at most 64 are on their way, so
// that none is lost but by the kernel's rules and devices.
class SteadyFlow {
 public:
  SteadyFlow(const Netns& from, const std::string& source, const Netns& to, const std::string& destination)
      : sender_(from, source, 0),
        receiver_(to, destination, 3000),
        thread_([this, destination] { Run(destination); }) {}
  ~SteadyFlow() { Stop(); }

  // Those that were sent and have not arrived, a second after the last was sent.
  int Stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    return sent_ - arrived_;
  }
  int arrived() const { return arrived_; }
  // As many as there can be are under way: they do not arrive.
  bool stuck() const { return sent_ - arrived_ == kMostUnderWay; }

 private:
  static constexpr int kMostUnderWay = 64;

  void Run(const std::string& destination) {
    while (!stop_) {
      if (sent_ - arrived_ < kMostUnderWay && sender_.SendTo(destination, 3000, "steady") == 0) ++sent_;
      while (!receiver_.Receive(Duration(0)).empty()) ++arrived_;
    }
    while (arrived_ < sent_ && !receiver_.Receive(std::chrono::seconds(1)).empty()) ++arrived_;
  }

  UdpSocket sender_;
  UdpSocket receiver_;
  std::atomic<bool> stop_ = false;
  std::atomic<int> sent_ = 0;
  std::atomic<int> arrived_ = 0;
  std::thread thread_;
};

class CollateralTest : public LinuxKernelTest {
 protected:
  // Arms, fires, heals and removes a run 200 times beside a flow; how many packets of the flow were lost.
  int LostOver200Cycles(const Program& program, StepIndex step) {
    SteadyFlow flow(peer(), kPeer4, node(), kNode4);
    for (int i = 0; i < 200; ++i) {
      EXPECT_THAT(kernel_->Install(program), IsOk());
      EXPECT_THAT(OpenGate("r", step), IsOk());
      const int before = flow.arrived();
      const SystemClock clock;
      const MonotonicTime deadline = clock.Now() + std::chrono::seconds(2);
      while (flow.arrived() < before + 5 && clock.Now() < deadline) std::this_thread::yield();
      EXPECT_THAT(CloseGate("r", step), IsOk());
      EXPECT_THAT(kernel_->Remove(program.run), IsOk());
    }
    EXPECT_GT(flow.arrived(), 1000);
    return flow.Stop();
  }

  static Program Unrelated(Program program) {
    program.prefix_sets = {Prefixes({"10.99.0.0/16", "fd99::/48"})};
    return program;
  }
};

TEST_F(CollateralTest, FireAndHealLoseNoUnrelatedPacket) {
  EXPECT_EQ(LostOver200Cycles(Unrelated(ParisIngressProgram("r")), 0), 0);
}

TEST_F(CollateralTest, NorDoesALane) {
  FAULTLINE_SKIP_IF(WhyNoHook());
  EXPECT_EQ(LostOver200Cycles(Unrelated(ParisProgram("r")), 1), 0);
}

// Lanes both ways, and the second table with connection tracking.
TEST_F(CollateralTest, NorDoesAnythingElse) {
  FAULTLINE_SKIP_IF(WhyNoHook());
  FAULTLINE_SKIP_IF(WhyNo({Capability::kRateLane, Capability::kRandomRule, Capability::kReject,
                           Capability::kRejectOutgoing, Capability::kConnectionState}));
  Program program = Unrelated(ParisIngressProgram("r"));
  const std::vector<Match> from = {{.sources = 0}};
  const std::vector<Match> to = {{.destinations = 0}};
  PacketFilter fresh;
  fresh.connection = Connection::kNew;
  Impairment rate;
  rate.rate = BitRate{1'000'000};
  Impairment loss;
  loss.loss = Ratio::Percent(50);
  program.steps = {{.index = 0, .effect = Reject(), .incoming = from, .outgoing = to},
                   {.index = 1, .filter = fresh, .incoming = from},
                   {.index = 2, .effect = rate, .incoming = from, .outgoing = to, .lane = LaneKind::kRate},
                   {.index = 3, .effect = loss, .incoming = from, .lane = LaneKind::kLossByRule}};
  EXPECT_EQ(LostOver200Cycles(program, 2), 0);
}

// The measure itself: a fault that does name the flow is seen.
TEST_F(CollateralTest, ANamedFlowDoesLose) {
  EXPECT_TRUE(kernel_->Install(ParisIngressProgram("r")).ok());
  SteadyFlow flow(peer(), kPeer4, node(), kNode4);
  EXPECT_THAT(OpenGate("r", 0), IsOk());
  const SystemClock clock;
  const MonotonicTime deadline = clock.Now() + std::chrono::seconds(10);
  while (!flow.stuck() && clock.Now() < deadline) std::this_thread::yield();
  EXPECT_GT(flow.Stop(), 0);
}

}  // namespace
}  // namespace faultline::testing
