// What a bystander reads of us in the kernel, whoever put it there and whether he lives.

#include "agent/kernel/standing_faults.h"

#include "tests/lab/kernel/linux_kernel_fixture.h"
#include "tests/lab/kernel/other_agent.h"

namespace faultline::testing {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::Le;

class StandingFaultsTest : public LinuxKernelTest {
 protected:
  StandingFaults Read() {
    const InNetns inside(node());
    const auto faults = ReadStandingFaults();
    EXPECT_TRUE(faults.ok()) << faults.status();
    return faults.value_or(StandingFaults());
  }

  // Both tables: what is rejected has a gate in each.
  static Program Mixed(const std::string& run) {
    Program program = ParisIngressProgram(run);
    program.steps.push_back({.index = 11, .effect = Reject(), .incoming = {{.sources = 0}}});
    return program;
  }
};

TEST_F(StandingFaultsTest, OfNothing) {
  const StandingFaults faults = Read();
  EXPECT_TRUE(faults.empty());
  EXPECT_THAT(faults.runs, IsEmpty());
  EXPECT_EQ(faults.owner_port, std::nullopt);
}

TEST_F(StandingFaultsTest, OfWhatIsInstalledAndOfWhatIsInForce) {
  FAULTLINE_SKIP_IF(WhyNo({Capability::kReject}));
  ASSERT_THAT(kernel_->Install(Mixed("r")), IsOk());
  ASSERT_THAT(kernel_->Install(ParisIngressProgram("2nd")), IsOk());
  ASSERT_THAT(OpenGate("r", 11, seconds(20)), IsOk());
  const StandingFaults faults = Read();
  EXPECT_THAT(faults.tables, ElementsAre("netdev faultline", "inet faultline"));
  ASSERT_EQ(faults.runs.size(), 2u);
  EXPECT_EQ(faults.runs[0].id, RunId("2nd"));
  EXPECT_EQ(faults.runs[0].left(), std::nullopt);
  const StandingFaults::Run& run = faults.runs[1];
  EXPECT_EQ(run.id, RunId("r"));
  EXPECT_THAT(run.interfaces, ElementsAre("eth0"));
  ASSERT_EQ(run.steps.size(), 2u);
  EXPECT_EQ(run.steps[0].index, 0u);
  EXPECT_EQ(run.steps[0].left, std::nullopt);
  EXPECT_EQ(run.steps[1].index, 11u);
  ASSERT_TRUE(run.left());
  EXPECT_THAT(*run.left(), AllOf(Le(seconds(20)), Ge(seconds(10))));
}

// A run whose rules are all in the table without devices of its own.
TEST_F(StandingFaultsTest, InterfacesOfRejectsAlone) {
  FAULTLINE_SKIP_IF(WhyNo({Capability::kReject}));
  Program program = Mixed("r");
  program.steps.erase(program.steps.begin());
  ASSERT_THAT(kernel_->Install(program), IsOk());
  const StandingFaults faults = Read();
  EXPECT_THAT(faults.tables, ElementsAre("inet faultline"));
  ASSERT_EQ(faults.runs.size(), 1u);
  EXPECT_THAT(faults.runs[0].interfaces, ElementsAre("eth0"));
}

TEST_F(StandingFaultsTest, OfALivingOwner) {
  FAULTLINE_SKIP_IF(WhyNoOwner());
  FAULTLINE_SKIP_IF(WhyNoEgress());
  OtherAgent agent(node(), true, ParisProgram("theirs"), seconds(30));
  const StandingFaults faults = Read();
  ASSERT_EQ(faults.runs.size(), 1u);
  ASSERT_TRUE(faults.runs[0].left());
  EXPECT_THAT(*faults.runs[0].left(), AllOf(Le(seconds(30)), Ge(seconds(15))));
  EXPECT_THAT(faults.devices, Contains("fl0"));
  EXPECT_EQ(faults.owner_port, static_cast<std::uint32_t>(agent.pid()));
  // The table goes with him; the lane stays, and is told.
  agent.Kill();
  EXPECT_THAT(Read().tables, IsEmpty());
  EXPECT_FALSE(Read().empty());
  EXPECT_THAT(kernel_->Reset(), IsOk());
  EXPECT_TRUE(Read().empty());
}

TEST_F(StandingFaultsTest, OfADeadAgentWithoutOwner) {
  OtherAgent(node(), false, ParisIngressProgram("r"), seconds(30)).Kill();
  const StandingFaults faults = Read();
  ASSERT_EQ(faults.runs.size(), 1u);
  ASSERT_TRUE(faults.runs[0].left());
  EXPECT_EQ(faults.owner_port, std::nullopt);
  EXPECT_FALSE(PeerReachesNode(Family::kIpv4));
  EXPECT_THAT(kernel_->Reset(), IsOk());
  EXPECT_TRUE(Read().empty());
}

TEST_F(StandingFaultsTest, GateThatHasEndedIsNotInForce) {
  OtherAgent(node(), false, ParisIngressProgram("r"), seconds(1)).Kill();
  const SystemClock clock;
  const MonotonicTime deadline = clock.Now() + seconds(10);
  while (Read().runs.at(0).left() && clock.Now() < deadline) {
  }
  EXPECT_EQ(Read().runs.at(0).left(), std::nullopt);
  EXPECT_TRUE(PeerReachesNode(Family::kIpv4));
  EXPECT_THAT(kernel_->Reset(), IsOk());
}

// Which no agent makes.
TEST_F(StandingFaultsTest, GateThatDoesNotEndIsAnError) {
  node().Run("nft -f -",
             "add table netdev faultline\nadd set netdev faultline r/g0 { type ether_type; flags timeout; }\n"
             "add element netdev faultline r/g0 { ip }\n");
  const InNetns inside(node());
  EXPECT_THAT(ReadStandingFaults(), StatusIs(absl::StatusCode::kDataLoss, ::testing::HasSubstr("r/g0")));
  EXPECT_THAT(kernel_->Reset(), IsOk());
}

TEST_F(StandingFaultsTest, WhatIsNotOursIsNotTold) {
  node().Run("nft -f -",
             "add table inet other\nadd set inet other r/g0 { type ether_type; flags timeout; }\n"
             "add element inet other r/g0 { ip timeout 1h }\n");
  EXPECT_TRUE(Read().empty());
  EXPECT_THAT(Read().runs, IsEmpty());
  node().Run("nft delete table inet other");
}

}  // namespace
}  // namespace faultline::testing
