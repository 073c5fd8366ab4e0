// What a real kernel says of itself, and that asking leaves no trace.

#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lab/kernel/linux_kernel_fixture.h"

namespace faultline::testing {
namespace {

// Takes a capability from this thread for good.
void DropCapability(int capability) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[2] = {};
  syscall(SYS_capget, &header, data);
  const std::uint32_t bit = 1U << (capability & 31);
  data[capability >> 5].effective &= ~bit;
  data[capability >> 5].permitted &= ~bit;
  if (syscall(SYS_capset, &header, data) != 0) _exit(9);
}

class ProbeTest : public LinuxKernelTest {
 protected:
  // What `act` returns, in a process of its own inside the node, without the capability. Below 256.
  template <typename Act>
  int Without(int capability, const Act& act) {
    const pid_t child = fork();
    if (child == 0) {
      const InNetns inside(node());
      DropCapability(capability);
      _exit(act());
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status));
    return WEXITSTATUS(status);
  }
};

TEST_F(ProbeTest, LeavesNothing) {
  const auto has = kernel_->Probe();
  ASSERT_THAT(has, IsOk());
  EXPECT_TRUE(has->Has(Capability::kIngressHook));
  EXPECT_EQ(node().State(), before());
  // With a run installed, too, whose gates stay as they are.
  ASSERT_THAT(kernel_->Install(ParisIngressProgram("r")), IsOk());
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  const std::string installed = node().State();
  const auto again = kernel_->Probe();
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(*again, *has);
  EXPECT_FALSE(PeerReachesNode(Family::kIpv4));
  EXPECT_EQ(node().State(), installed);
}

// Each of them is what a fault that needs it meets.
TEST_F(ProbeTest, WhatItHasNotCannotBeInstalled) {
  const auto has = kernel_->Probe();
  ASSERT_THAT(has, IsOk());
  const auto install = [this](Program::StepRules step) {
    Program program = ParisIngressProgram("r");
    program.steps = {std::move(step)};
    const absl::Status status = kernel_->Install(program);
    EXPECT_THAT(kernel_->Remove(RunId("r")), IsOk());
    EXPECT_EQ(node().State(), before());
    return status.ok();
  };
  const std::vector<Match> from = {{.sources = 0}};
  const std::vector<Match> to = {{.destinations = 0}};
  PacketFilter fresh;
  fresh.connection = Connection::kNew;
  Impairment loss;
  loss.loss = Ratio::Percent(1);
  Impairment rate;
  rate.rate = BitRate{1'000'000};
  EXPECT_TRUE(install({.incoming = from}));
  EXPECT_EQ(install({.outgoing = to}), has->Has(SenderHook(*has)) && has->Has(Capability::kBlackholeLane));
  EXPECT_EQ(install({.effect = Reject(), .incoming = from}), has->Has(Capability::kReject));
  EXPECT_EQ(install({.effect = Reject(), .outgoing = to}), has->Has(Capability::kRejectOutgoing));
  EXPECT_EQ(install({.filter = fresh, .incoming = from}), has->Has(Capability::kConnectionState));
  EXPECT_EQ(install({.effect = rate, .incoming = from, .lane = LaneKind::kRate}), has->Has(Capability::kRateLane));
  EXPECT_EQ(install({.effect = loss, .incoming = from, .lane = LaneKind::kLossByRule}),
            has->Has(Capability::kRateLane) && has->Has(Capability::kRandomRule));
  EXPECT_EQ(install({.effect = loss, .incoming = from, .lane = LaneKind::kNetem}), has->Has(Capability::kNetem));
}

TEST_F(ProbeTest, InPlaceItFindsTheSameAndLeavesNothing) {
  const auto elsewhere = kernel_->Probe();
  ASSERT_THAT(elsewhere, IsOk());
  const int found = Without(CAP_SYS_ADMIN, [&] {
    const auto kernel = LinuxKernel::Open();
    if (!kernel.ok()) return 1;
    const auto here = (*kernel)->Probe();
    if (!here.ok()) return 2;
    return *here == *elsewhere ? 0 : 3;
  });
  EXPECT_EQ(found, 0);
  EXPECT_EQ(node().State(), before());
}

TEST_F(ProbeTest, WithoutPermissionItIsAnError) {
  const int opened = Without(CAP_NET_ADMIN, [] {
    const auto kernel = LinuxKernel::Open();
    return static_cast<int>(kernel.status().code());
  });
  EXPECT_EQ(opened, static_cast<int>(absl::StatusCode::kPermissionDenied));
  // The permission goes when the sockets are open: nothing is then taken for a lack.
  const int probed = Without(CAP_SYS_ADMIN, [] {
    const auto kernel = LinuxKernel::Open();
    if (!kernel.ok()) return 0;
    DropCapability(CAP_NET_ADMIN);
    return static_cast<int>((*kernel)->Probe().status().code());
  });
  EXPECT_EQ(probed, static_cast<int>(absl::StatusCode::kPermissionDenied));
}

TEST_F(ProbeTest, SaysWhetherTheOwnerFlagIsUsed) {
  FAULTLINE_SKIP_IF(WhyNoOwner());
  Open({.use_table_owner = false});
  const auto has = kernel_->Probe();
  ASSERT_THAT(has, IsOk());
  EXPECT_FALSE(has->Has(Capability::kTableOwner));
}

}  // namespace
}  // namespace faultline::testing
