// The blackhole lane: a silent drop at the sender.

#include "absl/strings/str_cat.h"
#include "tests/lab/kernel/linux_kernel_fixture.h"

namespace faultline::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class LaneTest : public LinuxKernelTest {
 protected:
  void SetUp() override {
    LinuxKernelTest::SetUp();
    if (!IsSkipped()) FAULTLINE_SKIP_IF(WhyNoEgress());
  }
};

TEST_F(LaneTest, TheSenderIsNotTold) {
  ASSERT_THAT(kernel_->Install(ParisProgram("r")), IsOk());
  ASSERT_THAT(OpenGate("r", 1), IsOk());
  UdpSocket sender(node(), kNode4, 0);
  UdpSocket receiver(peer(), kPeer4, 3000);
  UdpSocket fence(peer(), kPeer4, kFencePort);
  // Also more than a socket's buffer, and packets above the lane's MTU.
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(sender.SendTo(kPeer4, 3000, std::string(1400, 'x')), 0) << i;
  ASSERT_EQ(sender.SendTo(kPeer4, kFencePort, "fence"), 0);
  EXPECT_EQ(fence.Receive(std::chrono::seconds(5)), "fence");
  EXPECT_EQ(receiver.Receive(Duration(0)), "");
  const auto counters = kernel_->ReadCounters(RunId("r"));
  ASSERT_THAT(counters, IsOk());
  EXPECT_EQ((*counters)[1].packets, 2000u);
}

TEST_F(LaneTest, IsThereFromTheFirstRunThatNeedsItToTheLast) {
  ASSERT_THAT(kernel_->Install(ParisIngressProgram("in")), IsOk());
  EXPECT_THAT(node().State(), Not(HasSubstr("fl0")));
  ASSERT_THAT(kernel_->Install(ParisProgram("a")), IsOk());
  ASSERT_THAT(kernel_->Install(ParisProgram("b")), IsOk());
  EXPECT_THAT(node().State(), HasSubstr("qdisc blackhole"));
  EXPECT_THAT(node().State(), Not(HasSubstr("fl1")));
  ASSERT_THAT(kernel_->Remove(RunId("a")), IsOk());
  EXPECT_THAT(node().State(), HasSubstr("fl0"));
  ASSERT_THAT(kernel_->Remove(RunId("b")), IsOk());
  EXPECT_THAT(node().State(), Not(HasSubstr("fl0")));
}

TEST_F(LaneTest, TakesTheFirstFreeName) {
  node().Run("ip link add fl0 type veth peer name other");
  ASSERT_THAT(kernel_->Install(ParisProgram("r")), IsOk());
  EXPECT_THAT(node().Run("ip link show fl1"), HasSubstr("alias faultline"));
  ASSERT_THAT(OpenGate("r", 1), IsOk());
  EXPECT_EQ(Reachable(), "in4 in6");
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  node().Run("ip link del fl0");
}

TEST_F(LaneTest, HasNothingOfIpv6) {
  ASSERT_THAT(kernel_->Install(ParisProgram("r")), IsOk());
  EXPECT_EQ(node().Run("ip -6 address show dev fl0"), "");
  EXPECT_THAT(node().Run("ip -6 route show table all"), Not(HasSubstr("fl0")));
}

TEST_F(LaneTest, RemoveSucceedsWhenSomebodyDeletedIt) {
  ASSERT_THAT(kernel_->Install(ParisProgram("r")), IsOk());
  ASSERT_THAT(OpenGate("r", 1), IsOk());
  node().Run("ip link del fl0");
  EXPECT_THAT(kernel_->Remove(RunId("r")), IsOk());
}

}  // namespace
}  // namespace faultline::testing
