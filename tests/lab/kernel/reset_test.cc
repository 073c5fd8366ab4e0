// Reset, and what it and everything else must leave alone.

#include "tests/lab/kernel/linux_kernel_fixture.h"

namespace faultline::testing {
namespace {

using ::testing::HasSubstr;

class ResetTest : public LinuxKernelTest {};

TEST_F(ResetTest, OfNothingIsOk) {
  EXPECT_THAT(kernel_->Reset(), IsOk());
  EXPECT_THAT(kernel_->Reset(), IsOk());
  EXPECT_EQ(node().State(), before());
}

TEST_F(ResetTest, RemovesOurRuns) {
  FAULTLINE_SKIP_IF(WhyNoEgress());
  ASSERT_THAT(kernel_->Install(ParisProgram("a")), IsOk());
  ASSERT_THAT(kernel_->Install(ParisIngressProgram("b")), IsOk());
  ASSERT_THAT(OpenGate("a", 1), IsOk());
  ASSERT_THAT(kernel_->Reset(), IsOk());
  EXPECT_EQ(node().State(), before());
  EXPECT_THAT(OpenGate("a", 1), StatusIs(absl::StatusCode::kNotFound, HasSubstr("run a")));
  EXPECT_THAT(kernel_->Install(ParisProgram("a")), IsOk());
}

// Devices that look like ours but are not: by kind, by alias, by name; and others' tables.
TEST_F(ResetTest, LeavesWhatIsNotOurs) {
  FAULTLINE_SKIP_IF(WhyNoEgress());
  node().Run("ip link add fl5 type ifb");
  node().Run("ip link add fl6 type veth peer name other");
  node().Run("ip link set fl6 alias faultline");
  node().Run("ip link add fl7 type veth peer name fl8");
  node().Run("ip link add fl9x type ifb");
  node().Run("ip link set fl9x alias faultline");
  node().Run("ip link add fl type ifb");
  node().Run("ip link set fl alias faultline");
  node().Run("ip link add fl10 type ifb");
  node().Run("ip link set fl10 alias somebody");
  node().Run("tc qdisc add dev fl10 root blackhole");
  node().Run("nft add table bridge faultline");
  node().Run("nft add table inet faultlines");
  node().Run("nft add table ip faultline");
  node().Run("nft add table netdev firewall");
  node().Run("nft add chain netdev firewall in { type filter hook ingress device eth0 priority 0 ; }");
  node().Run("nft add rule netdev firewall in udp dport 5555 drop");
  const std::string foreign = node().State();

  EXPECT_THAT(kernel_->Reset(), IsOk());
  EXPECT_EQ(node().State(), foreign);
  ASSERT_THAT(kernel_->Install(ParisProgram("r")), IsOk());
  ASSERT_THAT(OpenGate("r", 1), IsOk());
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  EXPECT_EQ(node().State(), foreign);
  ASSERT_THAT(kernel_->Install(ParisProgram("r")), IsOk());
  ASSERT_THAT(kernel_->Reset(), IsOk());
  EXPECT_EQ(node().State(), foreign);

  for (const char* name : {"fl5", "fl6", "fl7", "fl9x", "fl", "fl10"}) {
    node().Run(std::string("ip link del ") + name);
  }
  node().Run("nft flush ruleset");
}

TEST_F(ResetTest, RemovesEveryStaleDevice) {
  for (const char* name : {"fl0", "fl3", "fl12"}) {
    node().Run(std::string("ip link add ") + name + " type ifb");
    node().Run(std::string("ip link set ") + name + " alias faultline");
  }
  ASSERT_THAT(kernel_->Reset(), IsOk());
  EXPECT_EQ(node().State(), before());
}

}  // namespace
}  // namespace faultline::testing
