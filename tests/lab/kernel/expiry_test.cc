// Every kind of fault ends by itself when nobody is left to renew it, and at once with an owner that dies.

#include "absl/strings/str_cat.h"
#include "tests/lab/kernel/linux_kernel_fixture.h"
#include "tests/lab/kernel/other_agent.h"

namespace faultline::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A fault that lets no datagram from Paris come in, or go there.
struct Kind {
  std::string name;
  Program::StepRules step;
  std::vector<Capability> needs;
};

void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

std::vector<Kind> Kinds() {
  const std::vector<Match> from = {{.sources = 0}};
  const std::vector<Match> to = {{.destinations = 0}};
  PacketFilter fresh;
  fresh.connection = Connection::kNew;
  Impairment loss;
  loss.loss = Ratio::Percent(100);
  // One datagram in so many seconds, and the first one is too large for it.
  Impairment slow;
  slow.rate = BitRate{8};
  Impairment late;
  late.delay = std::chrono::seconds(60);
  return {
      {"DropIncoming", {.incoming = from}, {}},
      {"DropOutgoing", {.outgoing = to}, {Capability::kEgressHook, Capability::kBlackholeLane}},
      {"RejectIncoming", {.effect = Reject(), .incoming = from}, {Capability::kReject}},
      {"RejectOutgoing", {.effect = Reject(), .outgoing = to}, {Capability::kRejectOutgoing}},
      {"DropNew", {.filter = fresh, .incoming = from}, {Capability::kConnectionState}},
      {"LossByRule",
       {.effect = loss, .incoming = from, .lane = LaneKind::kLossByRule},
       {Capability::kRateLane, Capability::kRandomRule}},
      {"RateIncoming", {.effect = slow, .incoming = from, .lane = LaneKind::kRate}, {Capability::kRateLane}},
      {"RateOutgoing",
       {.effect = slow, .outgoing = to, .lane = LaneKind::kRate},
       {Capability::kEgressHook, Capability::kRateLane}},
      {"NetemIncoming", {.effect = late, .incoming = from, .lane = LaneKind::kNetem}, {Capability::kNetem}},
      {"NetemOutgoing",
       {.effect = late, .outgoing = to, .lane = LaneKind::kNetem},
       {Capability::kEgressHook, Capability::kNetem}},
  };
}

class ExpiryTest : public LinuxKernelTest, public ::testing::WithParamInterface<Kind> {
 protected:
  void SetUp() override {
    LinuxKernelTest::SetUp();
    if (IsSkipped()) return;
    for (const Capability capability : GetParam().needs) FAULTLINE_SKIP_IF(WhyNo({capability}));
    const InNetns inside(node());
    kernel_.reset();
  }

  static Program TheProgram() {
    Program program = ParisIngressProgram("r");
    program.steps = {GetParam().step};
    return program;
  }

  // Whether a datagram gets through, the way the fault is about; a lane may hold the one that found room in it.
  bool Passes(Family family) {
    const bool in = !GetParam().step.incoming.empty();
    const bool v4 = family == Family::kIpv4;
    const std::string node_address = v4 ? kNode4 : kNode6;
    const std::string peer_address = v4 ? kPeer4 : kPeer6;
    UdpSocket sender(in ? peer() : node(), in ? peer_address : node_address, 0);
    UdpSocket receiver(in ? node() : peer(), in ? node_address : peer_address, 3000);
    const std::string& to = in ? node_address : peer_address;
    // Refused or not.
    for (int i = 0; i < 4; ++i) sender.SendTo(to, 3000, std::string(1000, 'x'));
    int arrived = 0;
    while (arrived < 4 && !receiver.Receive(std::chrono::milliseconds(50)).empty()) ++arrived;
    return arrived == 4;
  }

  bool Heals(Family family) {
    const SystemClock clock;
    const MonotonicTime deadline = clock.Now() + std::chrono::seconds(10);
    while (clock.Now() < deadline) {
      if (Passes(family)) return true;
    }
    return false;
  }
};

TEST_P(ExpiryTest, WithNobodyAlive) {
  OtherAgent agent(node(), false, TheProgram(), std::chrono::seconds(3));
  EXPECT_FALSE(Passes(Family::kIpv4));
  EXPECT_FALSE(Passes(Family::kIpv6));
  agent.Kill();
  EXPECT_FALSE(Passes(Family::kIpv4)) << "its owner is dead, its lease is not";
  EXPECT_THAT(node().Run("nft list tables"), HasSubstr("faultline"));
  EXPECT_TRUE(Heals(Family::kIpv4));
  EXPECT_TRUE(Heals(Family::kIpv6));
  Open(LinuxKernel::Options());
  ASSERT_THAT(kernel_->Reset(), IsOk());
  EXPECT_EQ(node().State(), before());
}

TEST_P(ExpiryTest, WithItsOwner) {
  FAULTLINE_SKIP_IF(WhyNoOwner());
  OtherAgent agent(node(), true, TheProgram(), kLong);
  EXPECT_FALSE(Passes(Family::kIpv4));
  agent.Kill();
  EXPECT_EQ(node().Run("nft list tables"), "");
  EXPECT_TRUE(Passes(Family::kIpv4));
  EXPECT_TRUE(Passes(Family::kIpv6));
  Open(LinuxKernel::Options());
  ASSERT_THAT(kernel_->Reset(), IsOk());
  EXPECT_EQ(node().State(), before());
}

TEST_P(ExpiryTest, AndAnInertOneLetsEverythingPass) {
  Open(LinuxKernel::Options());
  ASSERT_THAT(kernel_->Install(TheProgram()), IsOk());
  EXPECT_TRUE(Passes(Family::kIpv4));
  EXPECT_TRUE(Passes(Family::kIpv6));
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  EXPECT_FALSE(Passes(Family::kIpv4));
  EXPECT_FALSE(Passes(Family::kIpv6));
  ASSERT_THAT(CloseGate("r", 0), IsOk());
  EXPECT_TRUE(Passes(Family::kIpv4));
  EXPECT_TRUE(Passes(Family::kIpv6));
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  EXPECT_EQ(node().State(), before());
}

INSTANTIATE_TEST_SUITE_P(Kinds, ExpiryTest, ::testing::ValuesIn(Kinds()),
                         [](const auto& entry) { return entry.param.name; });

}  // namespace
}  // namespace faultline::testing
