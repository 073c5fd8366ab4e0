// The two tables: both are ours, live and die together, and neither suffers what befalls the other.

#include "tests/lab/kernel/linux_kernel_fixture.h"
#include "tests/lab/kernel/other_agent.h"

namespace faultline::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Step 0 drops what comes from Paris by IPv4, in the one table; step 1 rejects what goes there, in the other.
Program BothTables(const std::string& run) {
  Program program = ParisIngressProgram(run);
  program.prefix_sets = {Prefixes({"172.33.0.0/16"})};
  program.steps.push_back({.index = 1, .effect = Reject(), .outgoing = {{.destinations = 0}}});
  return program;
}

class TablesTest : public LinuxKernelTest {
 protected:
  void SetUp() override {
    LinuxKernelTest::SetUp();
    if (!IsSkipped()) FAULTLINE_SKIP_IF(WhyNo({Capability::kRejectOutgoing}));
  }

  std::string Tables() { return node().Run("nft list tables"); }
  bool Out() { return SendAndCount(node(), kNode4, peer(), kPeer4).arrived == 10; }

  void InstallOpen(const std::string& run) {
    ASSERT_THAT(kernel_->Install(BothTables(run)), IsOk());
    ASSERT_THAT(OpenGate(run, 0), IsOk());
    ASSERT_THAT(OpenGate(run, 1), IsOk());
  }
};

TEST_F(TablesTest, ActTogether) {
  ASSERT_THAT(kernel_->Install(BothTables("r")), IsOk());
  EXPECT_TRUE(PeerReachesNode(Family::kIpv4));
  EXPECT_TRUE(Out());
  const GateOpening open[] = {{0, kLong}, {1, kLong}};
  const StepIndex close[] = {0, 1};
  ASSERT_THAT(kernel_->Switch(RunId("r"), {}, open), IsOk());
  EXPECT_FALSE(PeerReachesNode(Family::kIpv4));
  EXPECT_FALSE(Out());
  ASSERT_THAT(kernel_->Switch(RunId("r"), close, {}), IsOk());
  EXPECT_TRUE(PeerReachesNode(Family::kIpv4));
  EXPECT_TRUE(Out());
}

TEST_F(TablesTest, BothHaveTheOwner) {
  FAULTLINE_SKIP_IF(WhyNoOwner());
  InstallOpen("r");
  node().Run("nft flush ruleset");
  EXPECT_FALSE(PeerReachesNode(Family::kIpv4));
  EXPECT_FALSE(Out());
}

TEST_F(TablesTest, ResetLeavesBothToALiveAgent) {
  FAULTLINE_SKIP_IF(WhyNoOwner());
  {
    const InNetns inside(node());
    kernel_.reset();
  }
  // One that has the second table only.
  Program program = BothTables("theirs");
  program.steps.erase(program.steps.begin());
  OtherAgent agent(node(), true, program, kLong);
  const std::string with_theirs = node().State();
  Open(LinuxKernel::Options());
  EXPECT_THAT(kernel_->Reset(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                         AllOf(HasSubstr("table inet faultline"), HasSubstr("another live process"))));
  EXPECT_THAT(kernel_->Install(BothTables("ours")),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("add table inet faultline")));
  EXPECT_EQ(node().State(), with_theirs);
}

TEST_F(TablesTest, EitherMayBeGoneWhenARunIsRemoved) {
  for (const char* family : {"netdev", "inet"}) {
    for (const bool beside_another : {false, true}) {
      SCOPED_TRACE(std::string(family) + (beside_another ? " beside another" : ""));
      Open({.use_table_owner = false});
      if (beside_another) {
        ASSERT_THAT(kernel_->Install(BothTables("other")), IsOk());
      }
      InstallOpen("r");
      node().Run(std::string("nft delete table ") + family + " faultline");
      // The other one acts as before.
      EXPECT_EQ(PeerReachesNode(Family::kIpv4), std::string(family) == "netdev");
      EXPECT_EQ(Out(), std::string(family) == "inet");
      EXPECT_THAT(OpenGate("r", std::string(family) == "inet" ? 1 : 0),
                  StatusIs(absl::StatusCode::kNotFound, HasSubstr("r/g")));
      ASSERT_THAT(kernel_->ReadCounters(RunId("r")), IsOk());
      EXPECT_THAT(kernel_->Remove(RunId("r")), IsOk());
      EXPECT_TRUE(PeerReachesNode(Family::kIpv4));
      EXPECT_TRUE(Out());
      EXPECT_THAT(Tables(), Not(HasSubstr(std::string("table ") + family)));
      EXPECT_THAT(kernel_->Remove(RunId("other")), IsOk());
      EXPECT_EQ(node().State(), before());
    }
  }
}

TEST_F(TablesTest, BothMayBeFlushed) {
  Open({.use_table_owner = false});
  InstallOpen("a");
  InstallOpen("b");
  node().Run("nft flush ruleset");
  EXPECT_TRUE(PeerReachesNode(Family::kIpv4));
  EXPECT_TRUE(Out());
  EXPECT_THAT(kernel_->Remove(RunId("a")), IsOk());
  EXPECT_THAT(kernel_->Remove(RunId("b")), IsOk());
  EXPECT_EQ(node().State(), before());
}

TEST_F(TablesTest, ADeadAgentsSecondTableIsNotBuiltUpon) {
  {
    const InNetns inside(node());
    kernel_.reset();
  }
  Program program = BothTables("theirs");
  program.steps.erase(program.steps.begin());
  OtherAgent(node(), false, program, kLong).Kill();
  Open(LinuxKernel::Options());
  // A run that does not need it does not meet it.
  EXPECT_THAT(kernel_->Install(ParisIngressProgram("a")), IsOk());
  EXPECT_THAT(kernel_->Install(BothTables("b")),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("add table inet faultline")));
  EXPECT_TRUE(PeerReachesNode(Family::kIpv4));
  EXPECT_THAT(kernel_->Reset(), IsOk());
  EXPECT_EQ(node().State(), before());
}

}  // namespace
}  // namespace faultline::testing
