// Who holds the table, and what becomes of it when he dies.

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/lab/kernel/linux_kernel_fixture.h"

namespace faultline::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// A process in the node's namespace that has installed a run and opened its first gate; it does nothing more.
class OtherAgent {
 public:
  OtherAgent(const Netns& netns, bool use_table_owner, const Program& program, Duration timeout) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    child_ = fork();
    if (child_ == 0) Live(netns, use_table_owner, program, timeout, ends[1]);
    close(ends[1]);
    const UniqueFd ready(ends[0]);
    char answer = 0;
    EXPECT_EQ(read(ready.get(), &answer, 1), 1) << "the other agent could not install";
  }
  ~OtherAgent() { Kill(); }

  pid_t pid() const { return child_; }
  void Kill() {
    if (child_ <= 0) return;
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    child_ = 0;
  }

 private:
  [[noreturn]] static void Live(const Netns& netns, bool use_table_owner, const Program& program, Duration timeout,
                                int ready) {
    const InNetns inside(netns);
    const auto kernel = LinuxKernel::Open({.use_table_owner = use_table_owner});
    const GateOpening open[] = {{0, timeout}};
    if (!kernel.ok() || !(*kernel)->Install(program).ok() || !(*kernel)->Switch(program.run, {}, open).ok()) _exit(1);
    if (write(ready, "y", 1) != 1) _exit(1);
    while (true) pause();
  }

  pid_t child_ = 0;
};

class OwnerTest : public LinuxKernelTest {
 protected:
  // Opens the kernel under test only after the other agent has been forked.
  void SetUp() override {
    LinuxKernelTest::SetUp();
    if (IsSkipped()) return;
    why_no_owner_ = WhyNoOwner();
    why_no_egress_ = WhyNoEgress();
    const InNetns inside(node());
    kernel_.reset();
  }

  std::string why_no_owner_;
  std::string why_no_egress_;
};

TEST_F(OwnerTest, TheTableGoesWithItsProcess) {
  FAULTLINE_SKIP_IF(why_no_owner_);
  OtherAgent agent(node(), true, ParisIngressProgram("r"), kLong);
  EXPECT_FALSE(PeerReachesNode(Family::kIpv4));
  agent.Kill();
  EXPECT_EQ(node().Run("nft list tables"), "");
  EXPECT_TRUE(PeerReachesNode(Family::kIpv4));
  EXPECT_TRUE(PeerReachesNode(Family::kIpv6));
}

TEST_F(OwnerTest, AFirewallsFlushDoesNotRemoveIt) {
  FAULTLINE_SKIP_IF(why_no_owner_);
  Open(LinuxKernel::Options());
  ASSERT_THAT(kernel_->Install(ParisIngressProgram("r")), IsOk());
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  node().Run("nft flush ruleset");
  EXPECT_FALSE(PeerReachesNode(Family::kIpv4));
}

TEST_F(OwnerTest, ALiveAgentsTableIsLeftAlone) {
  FAULTLINE_SKIP_IF(why_no_owner_);
  FAULTLINE_SKIP_IF(why_no_egress_);
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
  FAULTLINE_SKIP_IF(why_no_egress_);
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
