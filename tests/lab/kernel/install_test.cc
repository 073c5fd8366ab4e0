// Install and Remove on a real kernel.

#include "absl/strings/str_cat.h"
#include "tests/lab/kernel/linux_kernel_fixture.h"

namespace faultline::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class InstallTest : public LinuxKernelTest {};

TEST_F(InstallTest, IsInert) {
  FAULTLINE_SKIP_IF(WhyNoEgress());
  ASSERT_THAT(kernel_->Install(ParisProgram("r")), IsOk());
  EXPECT_EQ(Reachable(), "in4 in6 out4 out6");
  const auto counters = kernel_->ReadCounters(RunId("r"));
  ASSERT_THAT(counters, IsOk());
  ASSERT_EQ(counters->size(), 2u);
  EXPECT_EQ((*counters)[0].packets + (*counters)[1].packets, 0u);
}

TEST_F(InstallTest, RemoveLeavesTheKernelAsItWas) {
  FAULTLINE_SKIP_IF(WhyNoEgress());
  ASSERT_THAT(kernel_->Install(ParisProgram("r")), IsOk());
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  ASSERT_THAT(OpenGate("r", 1), IsOk());
  EXPECT_NE(node().State(), before());
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  EXPECT_EQ(node().State(), before());
  EXPECT_EQ(Reachable(), "in4 in6 out4 out6");
  EXPECT_THAT(kernel_->Remove(RunId("r")), IsOk());
}

TEST_F(InstallTest, DestroyingTheKernelLeavesNothing) {
  for (const bool owner : {true, false}) {
    Open({.use_table_owner = owner});
    ASSERT_THAT(kernel_->Install(ParisIngressProgram("r")), IsOk());
    kernel_.reset();
    EXPECT_EQ(node().State(), before()) << "owner " << owner;
  }
}

TEST_F(InstallTest, RefusesARunThatIsInstalled) {
  ASSERT_THAT(kernel_->Install(ParisIngressProgram("r")), IsOk());
  EXPECT_THAT(kernel_->Install(ParisIngressProgram("r")),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("run r is installed")));
  EXPECT_THAT(OpenGate("r", 0), IsOk());
}

TEST_F(InstallTest, OfAMissingDeviceChangesNothing) {
  FAULTLINE_SKIP_IF(WhyNoEgress());
  Program program = ParisProgram("r");
  program.devices = {"eth0", "eth7"};
  EXPECT_THAT(kernel_->Install(program),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("install run r: there is no interface eth7")));
  EXPECT_EQ(node().State(), before());
  EXPECT_THAT(kernel_->Switch(RunId("r"), {}, {}), StatusIs(absl::StatusCode::kNotFound, HasSubstr("not installed")));
}

TEST_F(InstallTest, FailureAfterTheLaneWasMadeTakesItAway) {
  FAULTLINE_SKIP_IF(WhyNoEgress());
  node().Run("nft add table netdev faultline");
  const std::string foreign = node().State();
  EXPECT_THAT(kernel_->Install(ParisProgram("r")),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("add table faultline")));
  EXPECT_EQ(node().State(), foreign);
  node().Run("nft delete table netdev faultline");
}

TEST_F(InstallTest, RefusesLoopback) {
  Program program = ParisIngressProgram("r");
  program.devices = {"lo"};
  EXPECT_THAT(kernel_->Install(program), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("loopback")));
}

TEST_F(InstallTest, FailureBesideAnotherRunLeavesThatRunAlone) {
  FAULTLINE_SKIP_IF(WhyNoEgress());
  ASSERT_THAT(kernel_->Install(ParisProgram("a")), IsOk());
  ASSERT_THAT(OpenGate("a", 1), IsOk());
  const std::string with_a = node().State();
  Program program = ParisProgram("b");
  program.devices = {"eth7"};
  EXPECT_THAT(kernel_->Install(program), Not(IsOk()));
  EXPECT_EQ(node().State(), with_a);
  EXPECT_EQ(Reachable(), "in4 in6");
}

TEST_F(InstallTest, TwoRunsAreIndependent) {
  FAULTLINE_SKIP_IF(WhyNoEgress());
  ASSERT_THAT(kernel_->Install(ParisProgram("a")), IsOk());
  const std::string with_a = node().State();
  ASSERT_THAT(kernel_->Install(ParisProgram("a.s0")), IsOk());
  ASSERT_THAT(OpenGate("a.s0", 0), IsOk());
  ASSERT_THAT(OpenGate("a", 1), IsOk());
  EXPECT_EQ(Reachable(), "");
  ASSERT_THAT(kernel_->Remove(RunId("a.s0")), IsOk());
  EXPECT_EQ(Reachable(), "in4 in6");
  ASSERT_THAT(CloseGate("a", 1), IsOk());
  EXPECT_EQ(node().State(), with_a);
}

TEST_F(InstallTest, ARunWithoutRulesTouchesNothing) {
  Program program{.run = RunId("bystander")};
  ASSERT_THAT(kernel_->Install(program), IsOk());
  EXPECT_EQ(node().State(), before());
  const GateOpening open[] = {{0, kLong}};
  EXPECT_THAT(kernel_->Switch(program.run, {}, open), IsOk());
  const auto counters = kernel_->ReadCounters(program.run);
  ASSERT_THAT(counters, IsOk());
  EXPECT_TRUE(counters->empty());
  EXPECT_THAT(kernel_->Remove(program.run), IsOk());
}

// No packet is of both families: step 5 can match nothing, and is passed over.
TEST_F(InstallTest, AStepThatCanMatchNothingIsPassedOver) {
  Program program = ParisIngressProgram("r");
  program.prefix_sets.push_back(Prefixes({"172.32.0.0/16"}));
  program.prefix_sets.push_back(Prefixes({"fd21::/48"}));
  program.steps.push_back({.index = 5, .incoming = {{.sources = 2, .destinations = 1}}});
  ASSERT_THAT(kernel_->Install(program), IsOk());
  EXPECT_THAT(OpenGate("r", 5), IsOk());
  EXPECT_EQ(Reachable(), "in4 in6 out4 out6");
  const auto counters = kernel_->ReadCounters(RunId("r"));
  ASSERT_THAT(counters, IsOk());
  EXPECT_EQ(counters->size(), 2u);
}

TEST_F(InstallTest, TenThousandPrefixes) {
  Program program = ParisIngressProgram("r");
  std::vector<Prefix> prefixes;
  for (std::uint32_t i = 0; i < 10000; ++i) {
    // Every other /24 from 10.0.0.0, so that none merge; eth0's peer among them.
    const std::uint8_t bytes[] = {static_cast<std::uint8_t>(10 + (i >> 15)), static_cast<std::uint8_t>(i >> 7),
                                  static_cast<std::uint8_t>(i << 1), 0};
    prefixes.push_back(*Prefix::Containing(IpAddress(bytes), 24));
  }
  prefixes.push_back(*Prefix::Parse("172.33.11.90/32"));
  program.prefix_sets = {PrefixSet(std::move(prefixes))};
  ASSERT_EQ(program.prefix_sets[0].prefixes().size(), 10001u);
  ASSERT_THAT(kernel_->Install(program), IsOk());
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  EXPECT_FALSE(PeerReachesNode(Family::kIpv4));
  EXPECT_TRUE(PeerReachesNode(Family::kIpv6));
  EXPECT_THAT(node().Run("nft list set netdev faultline r/p0/v4"), HasSubstr("10.78.30.0/24"));
}

TEST_F(InstallTest, PrefixesUpToTheLastAddressMatch) {
  Program program = ParisIngressProgram("r");
  program.prefix_sets = {Prefixes({"128.0.0.0/1", "8000::/1", "fd00::/8"})};
  ASSERT_THAT(kernel_->Install(program), IsOk());
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  EXPECT_EQ(Reachable(), "out4 out6");
}

TEST_F(InstallTest, EveryAddressMatchesTheZeroPrefix) {
  Program program = ParisIngressProgram("r");
  program.prefix_sets = {Prefixes({"0.0.0.0/0", "::/0"})};
  ASSERT_THAT(kernel_->Install(program), IsOk());
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  EXPECT_EQ(Reachable(), "out4 out6");
}

TEST_F(InstallTest, ExceptionsPass) {
  FAULTLINE_SKIP_IF(WhyNoEgress());
  Program program = ParisProgram("r");
  program.prefix_sets.push_back(Prefixes({"172.33.11.90"}));
  program.steps[1].outgoing[0].except_destinations = 1;
  ASSERT_THAT(kernel_->Install(program), IsOk());
  ASSERT_THAT(OpenGate("r", 1), IsOk());
  EXPECT_EQ(Reachable(), "in4 in6 out4");
}

class VanishedDeviceTest : public InstallTest, public ::testing::WithParamInterface<bool> {};

// Older kernels remove a base chain with its last device, newer ones (6.18) keep it.
TEST_P(VanishedDeviceTest, RemoveStillSucceeds) {
  node().Run("ip link add eth1 type veth peer name other");
  node().Run("ip link set eth1 up");
  if (GetParam()) {
    ASSERT_THAT(kernel_->Install(ParisIngressProgram("other")), IsOk());
  }
  Program program = ParisIngressProgram("r");
  program.devices = {"eth1"};
  ASSERT_THAT(kernel_->Install(program), IsOk());
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  node().Run("ip link del eth1");
  EXPECT_THAT(OpenGate("r", 0), IsOk());
  ASSERT_THAT(kernel_->ReadCounters(RunId("r")), IsOk());
  EXPECT_THAT(kernel_->Remove(RunId("r")), IsOk());
  EXPECT_THAT(kernel_->Remove(RunId("other")), IsOk());
}

INSTANTIATE_TEST_SUITE_P(BesideAnotherRun, VanishedDeviceTest, ::testing::Bool());

TEST_F(InstallTest, CountersCountByStep) {
  FAULTLINE_SKIP_IF(WhyNoEgress());
  ASSERT_THAT(kernel_->Install(ParisProgram("r")), IsOk());
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  EXPECT_FALSE(PeerReachesNode(Family::kIpv4));
  EXPECT_FALSE(PeerReachesNode(Family::kIpv6));
  ASSERT_THAT(OpenGate("r", 1), IsOk());
  EXPECT_FALSE(NodeReachesPeer(Family::kIpv4));
  const auto counters = kernel_->ReadCounters(RunId("r"));
  ASSERT_THAT(counters, IsOk());
  ASSERT_EQ(counters->size(), 2u);
  EXPECT_EQ((*counters)[0].step, 0u);
  EXPECT_EQ((*counters)[0].packets, 20u);
  // 10 × (20 or 40 of IP + 8 of UDP + "packet").
  EXPECT_EQ((*counters)[0].bytes, 10u * (34 + 54));
  EXPECT_EQ((*counters)[1].step, 1u);
  EXPECT_EQ((*counters)[1].packets, 10u);
  EXPECT_THAT(kernel_->ReadCounters(RunId("none")), StatusIs(absl::StatusCode::kNotFound, HasSubstr("none")));
}

}  // namespace
}  // namespace faultline::testing
