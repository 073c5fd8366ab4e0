#include "controller/policy/plan_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/compile/fleet_builder.h"
#include "tests/unit/plan/plan_texts.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing_support::LondonAndParis;

constexpr char kGroups[] = R"yaml(name: p
groups:
  london: {cidrs: [172.32.0.0/16]}
  paris: {labels: {region: eu-west-3}}
  far: {cidrs: [10.0.0.0/8]}
steps:
)yaml";

class PlanFactsTest : public ::testing::Test {
 protected:
  PlanFacts Facts(const std::string& steps) {
    plan_ = GoodPlan(kGroups + steps);
    compiled_ = CompilePlan(plan_, fleet_, testing_support::Options());
    EXPECT_THAT(compiled_.errors, IsEmpty()) << JoinErrors(compiled_.errors, "plan.yaml");
    return FactsOf(plan_, compiled_, fleet_);
  }

  const Inventory fleet_ = LondonAndParis();
  Plan plan_;
  Compiled compiled_;
};

TEST_F(PlanFactsTest, HasBothEndsOfAFault) {
  const PlanFacts facts = Facts(
      "  - {name: a, at: 0s, for: 10s, block: {from: london, to: paris}}\n"
      "  - {name: b, at: 5s, for: 10s, block: {from: paris, to: far}}\n");
  ASSERT_EQ(facts.faults.size(), 2u);
  EXPECT_EQ(facts.faults[0].step, "a");
  EXPECT_THAT(facts.faults[0].kinds, ElementsAre(FaultKind::kBlock));
  EXPECT_THAT(facts.faults[0].groups, ElementsAre("london", "paris"));
  EXPECT_TRUE(facts.faults[0].cidrs.Contains(*IpAddress::Parse("172.32.200.1")));
  // Paris is given by its label: its nodes' addresses count.
  for (const std::size_t node : {2u, 3u}) {
    for (const IpAddress& address : fleet_.nodes[node].addresses) {
      EXPECT_TRUE(facts.faults[0].cidrs.Contains(address)) << address.ToString();
    }
  }
  EXPECT_FALSE(facts.faults[0].cidrs.Contains(*IpAddress::Parse("172.33.200.1")));
  // London by its CIDR alone, whatever other addresses its nodes have.
  for (const IpAddress& address : fleet_.nodes[0].addresses) {
    EXPECT_EQ(facts.faults[0].cidrs.Contains(address), address.family() == Family::kIpv4) << address.ToString();
  }
  EXPECT_THAT(facts.faults[0].targets, ElementsAre(0, 1, 2, 3));
  EXPECT_TRUE(facts.faults[1].cidrs.Contains(*IpAddress::Parse("10.1.2.3")));
  EXPECT_THAT(facts.faults[1].targets, ElementsAre(2, 3));
  EXPECT_EQ(facts.length, std::chrono::seconds(15));
}

TEST_F(PlanFactsTest, OfAGroupCutOffFromTheWorldHasAllAddressesButItsNodesAlone) {
  const PlanFacts facts = Facts("  - {name: a, at: 1s, for: 10s, isolate: paris}\n");
  EXPECT_THAT(facts.faults[0].kinds, ElementsAre(FaultKind::kIsolate));
  EXPECT_THAT(facts.faults[0].targets, ElementsAre(2, 3));
  EXPECT_EQ(facts.faults[0].cidrs.ToString(), "0.0.0.0/0, ::/0");
  EXPECT_EQ(facts.length, std::chrono::seconds(10));
}

TEST_F(PlanFactsTest, TellsKindsApart) {
  const PlanFacts facts = Facts(
      "  - {name: a, at: 0s, for: 10s, partition: [london, paris], flap: {down: 2s, up: 2s}}\n"
      "  - {name: b, at: 10s, for: 10s, impair: {from: london, to: paris, delay: 8ms}}\n"
      "  - {name: c, at: 20s, for: 10s, halves: all}\n"
      "  - {name: d, at: 30s, for: 10s, impair: {from: london, to: paris, loss: 100%}}\n"
      "  - {name: e, at: 40s, for: 10s, impair: {between: [london, paris], loss: 1%}, ramp: {loss: 100%, over: 5s}}\n");
  EXPECT_THAT(facts.faults[0].kinds, ElementsAre(FaultKind::kPartition, FaultKind::kFlap));
  EXPECT_THAT(facts.faults[1].kinds, ElementsAre(FaultKind::kImpair));
  EXPECT_THAT(facts.faults[2].kinds, ElementsAre(FaultKind::kPartition));
  // However it is called, it cuts.
  EXPECT_THAT(facts.faults[3].kinds, ElementsAre(FaultKind::kImpair, FaultKind::kBlock));
  EXPECT_THAT(facts.faults[4].kinds, ElementsAre(FaultKind::kImpair, FaultKind::kPartition));
}

TEST_F(PlanFactsTest, CountTheTimeThatHoldsMayTake) {
  const PlanFacts facts = Facts(
      "  - {name: a, at: 1s, for: 10s, partition: [london, paris]}\n"
      "wait_verified: 30s\n");
  // Before the step, and before its end.
  EXPECT_EQ(facts.length, std::chrono::seconds(10) + compiled_.timelines[0].holds.size() * std::chrono::seconds(30));
  EXPECT_GT(facts.length, std::chrono::seconds(10));
}

}  // namespace
}  // namespace faultline
