// Who holds the table, and what becomes of it when he dies.

#include "absl/strings/str_cat.h"
#include "tests/lab/kernel/linux_kernel_fixture.h"
#include "tests/lab/kernel/other_agent.h"

namespace faultline::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class OwnerTest : public LinuxKernelTest {
 protected:
  // Opens the kernel under test only after the other agent has been forked.
  void SetUp() override {
    LinuxKernelTest::SetUp();
    if (IsSkipped()) return;
    const InNetns inside(node());
    kernel_.reset();
  }
};

TEST_F(OwnerTest, TheTableGoesWithItsProcess) {
  FAULTLINE_SKIP_IF(WhyNoOwner());
  OtherAgent agent(node(), true, ParisIngressProgram("r"), kLong);
  EXPECT_FALSE(PeerReachesNode(Family::kIpv4));
  agent.Kill();
  EXPECT_EQ(node().Run("nft list tables"), "");
  EXPECT_TRUE(PeerReachesNode(Family::kIpv4));
  EXPECT_TRUE(PeerReachesNode(Family::kIpv6));
}

TEST_F(OwnerTest, AFirewallsFlushDoesNotRemoveIt) {
  FAULTLINE_SKIP_IF(WhyNoOwner());
  Open(LinuxKernel::Options());
  ASSERT_THAT(kernel_->Install(ParisIngressProgram("r")), IsOk());
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  node().Run("nft flush ruleset");
  EXPECT_FALSE(PeerReachesNode(Family::kIpv4));
}

TEST_F(OwnerTest, ALiveAgentsTableIsLeftAlone) {
  FAULTLINE_SKIP_IF(WhyNoOwner());
  FAULTLINE_SKIP_IF(WhyNoEgress());
  OtherAgent agent(node(), true, ParisProgram("theirs"), kLong);
  const std::string with_theirs = node().State();
  Open(LinuxKernel::Options());
  EXPECT_THAT(kernel_->Reset(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                         AllOf(HasSubstr("belongs to another live process"),
                                               HasSubstr(absl::StrCat("netlink port ", agent.pid())))));
  EXPECT_THAT(kernel_->Install(ParisIngressProgram("r")), ::testing::Not(IsOk()));
  EXPECT_EQ(node().State(), with_theirs);
  // Without its table's owner, the dead agent's lane is left to the next one's Reset.
  agent.Kill();
  EXPECT_THAT(node().State(), HasSubstr("fl0"));
  EXPECT_THAT(kernel_->Reset(), IsOk());
}

TEST_F(OwnerTest, WithoutOwnerTheGateHealsWithNobodyAlive) {
  OtherAgent agent(node(), false, ParisIngressProgram("r"), std::chrono::seconds(1));
  EXPECT_FALSE(PeerReachesNode(Family::kIpv4));
  agent.Kill();
  EXPECT_THAT(node().Run("nft list tables"), HasSubstr("faultline"));
  const SystemClock clock;
  const MonotonicTime deadline = clock.Now() + std::chrono::seconds(10);
  while (SendAndCount(peer(), kPeer4, node(), kNode4, 3000, 1).arrived == 0 && clock.Now() < deadline) {
  }
  EXPECT_TRUE(PeerReachesNode(Family::kIpv4));
  EXPECT_TRUE(PeerReachesNode(Family::kIpv6));
  Open({.use_table_owner = false});
  EXPECT_THAT(kernel_->Reset(), IsOk());
}

TEST_F(OwnerTest, ADeadAgentsTableWithoutOwnerIsNotBuiltUpon) {
  OtherAgent(node(), false, ParisIngressProgram("r"), kLong).Kill();
  Open(LinuxKernel::Options());
  EXPECT_THAT(kernel_->Install(ParisIngressProgram("r")),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("of an earlier life")));
  EXPECT_THAT(kernel_->Reset(), IsOk());
  EXPECT_THAT(kernel_->Install(ParisIngressProgram("r")), IsOk());
}

TEST_F(OwnerTest, ResetRemovesWhatADeadAgentLeft) {
  FAULTLINE_SKIP_IF(WhyNoEgress());
  OtherAgent(node(), false, ParisProgram("r"), kLong).Kill();
  EXPECT_FALSE(PeerReachesNode(Family::kIpv4));
  EXPECT_THAT(node().State(), AllOf(HasSubstr("table netdev faultline"), HasSubstr("fl0")));
  Open(LinuxKernel::Options());
  ASSERT_THAT(kernel_->Reset(), IsOk());
  EXPECT_EQ(node().State(), before());
  EXPECT_TRUE(PeerReachesNode(Family::kIpv4));
}

}  // namespace
}  // namespace faultline::testing
