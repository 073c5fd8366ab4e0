// What the compiler makes of effects, filters and what nodes can do.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/compile/compiler.h"
#include "controller/compile/describe.h"
#include "tests/unit/compile/fleet_builder.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing_support::LondonAndParis;
using testing_support::Options;
using testing_support::Set;
using testing_support::TakeFrom;

const Impairment kFar = {.delay = milliseconds(80), .jitter = milliseconds(10), .loss = Ratio::Percent(1)};

Group GroupOf(const char* name, std::vector<std::string> nodes, PrefixSet cidrs = {}) {
  Group group;
  group.name = name;
  group.nodes = std::move(nodes);
  group.cidrs = std::move(cidrs);
  return group;
}

// Groups london and paris by name, dynamo without agents; one step "far" from london to paris, at 1 s for 10 s.
Plan PlanWith(Effect effect) {
  Plan plan;
  plan.name = "p";
  plan.seed = 3;
  for (const Group& group :
       {GroupOf("london", {"lon-*"}), GroupOf("paris", {"par-*"}), GroupOf("dynamo", {}, Set({"3.0.0.0/8"}))}) {
    plan.groups.emplace(group.name, group);
  }
  plan.steps.push_back({.name = "far",
                        .position = {4, 5},
                        .at = seconds(1),
                        .length = seconds(10),
                        .ends = OneWay{"london", "paris"},
                        .effect = std::move(effect)});
  return plan;
}

const Timeline& TimelineOf(const Compiled& compiled, const char* node) {
  return *std::find_if(compiled.timelines.begin(), compiled.timelines.end(),
                       [node](const Timeline& timeline) { return timeline.node.text() == node; });
}

Compiled CompileGood(const Plan& plan, const Inventory& inventory = LondonAndParis()) {
  Compiled compiled = CompilePlan(plan, inventory, Options());
  for (const TextError& error : compiled.errors) ADD_FAILURE() << error.ToString("plan");
  return compiled;
}

std::vector<std::string> ErrorsOf(const Plan& plan, const Inventory& inventory) {
  const Compiled compiled = CompilePlan(plan, inventory, Options());
  EXPECT_THAT(compiled.timelines, IsEmpty());
  std::vector<std::string> texts;
  for (const TextError& error : compiled.errors) texts.push_back(error.ToString("p"));
  return texts;
}

TEST(CompileEffectsTest, EveryNodeHasTheWholeStep) {
  Plan plan = PlanWith(kFar);
  PlanStep& step = plan.steps[0];
  step.filter = {.protocol = Protocol::kTcp, .destination_ports = {{3000, 3000}}, .interfaces = {"eth0"}};
  step.flap = Flap{.down = seconds(1), .up = seconds(2)};
  step.ramp = Ramp{.to = {.delay = milliseconds(300), .jitter = milliseconds(10)}, .over = seconds(5)};
  const Compiled compiled = CompileGood(plan);
  for (const Timeline& timeline : compiled.timelines) {
    const Step& made = timeline.steps.at(0);
    EXPECT_EQ(made.effect, Effect(kFar));
    EXPECT_EQ(made.filter, step.filter);
    EXPECT_EQ(made.flap, step.flap);
    EXPECT_EQ(made.ramp, step.ramp);
  }
  EXPECT_THAT(TimelineOf(compiled, "par-1").steps[0].rules, SizeIs(1));
  EXPECT_THAT(TimelineOf(compiled, "lon-1").steps[0].rules, IsEmpty());
}

TEST(CompileEffectsTest, SparedAddressesAreASetOfTheNodesWithRules) {
  Plan plan = PlanWith(Drop{});
  plan.steps[0].exclude = Set({"172.32.4.2"});
  const Compiled compiled = CompileGood(plan);
  const Timeline& paris = TimelineOf(compiled, "par-1");
  ASSERT_TRUE(paris.steps[0].filter.except_addresses.has_value());
  EXPECT_EQ(paris.prefix_sets.at(*paris.steps[0].filter.except_addresses), Set({"172.32.4.2"}));
  EXPECT_FALSE(TimelineOf(compiled, "lon-1").steps[0].filter.except_addresses.has_value());
  EXPECT_THAT(TimelineOf(compiled, "lon-1").prefix_sets, IsEmpty());
  EXPECT_THAT(DescribeRule(paris.steps[0].rules[0], paris.steps[0], paris), HasSubstr(", sparing 172.32.4.2/32"));
}

TEST(CompileEffectsTest, ImpairmentsAreAtTheSenderWhereNobodyReceives) {
  Plan plan = PlanWith(kFar);
  plan.steps[0].ends = Between{{"london", "dynamo"}};
  const Compiled compiled = CompileGood(plan);
  const Timeline& london = TimelineOf(compiled, "lon-1");
  ASSERT_THAT(london.steps[0].rules, SizeIs(2));
  EXPECT_EQ(DescribeRule(london.steps[0].rules[1], london.steps[0], london),
            "delay 80ms ± 10ms, lose 1% in from 3.0.0.0/8 to 172.32.4.2/32, fd20::1/128");
  EXPECT_EQ(DescribeRule(london.steps[0].rules[0], london.steps[0], london),
            "delay 80ms ± 10ms, lose 1% out from 172.32.4.2/32, fd20::1/128 to 3.0.0.0/8");
}

// What waits in a lane when the last step ends comes out before the run does.
TEST(CompileEffectsTest, TheRunGoesOnUntilLanesHaveDrained) {
  EXPECT_EQ(CompileGood(PlanWith(kFar)).timelines[0].length, seconds(14));
  EXPECT_EQ(CompileGood(PlanWith(Impairment{.delay = seconds(5)})).timelines[0].length, seconds(16));
  EXPECT_EQ(CompileGood(PlanWith(Impairment{.delay = seconds(50)})).timelines[0].length, seconds(24));
  Plan ramp = PlanWith(Impairment{});
  ramp.steps[0].ramp = Ramp{.to = {.delay = seconds(8)}, .over = seconds(8)};
  EXPECT_EQ(CompileGood(ramp).timelines[0].length, seconds(19));
  // An earlier step's lane counts as well.
  Plan two = PlanWith(Impairment{.delay = seconds(9)});
  two.steps.push_back(two.steps[0]);
  two.steps[1].name = "cut";
  two.steps[1].at = seconds(11);
  two.steps[1].length = seconds(2);
  two.steps[1].effect = Drop{};
  EXPECT_EQ(CompileGood(two).timelines[0].length, seconds(20));
}

TEST(CompileRefusalsTest, ANodeWithoutNetem) {
  Inventory inventory = LondonAndParis();
  TakeFrom(inventory.nodes[2], Capability::kNetem);
  inventory.nodes[2].platform = {.id = "debian", .kernel_release = "6.1.0-28-cloud-amd64"};
  EXPECT_THAT(
      ErrorsOf(PlanWith(kFar), inventory),
      ElementsAre("p:4:5: step 'far': node par-1 has no netem qdisc: the module sch_netem comes with: apt install "
                  "linux-image-amd64 (or -cloud-amd64) and reboot; then modprobe sch_netem and restart the "
                  "agent"));
}

TEST(CompileRefusalsTest, NodesThatLackTheSameThingAreTakenTogether) {
  Inventory inventory = LondonAndParis();
  for (int i = 3; i <= 7; ++i) {
    inventory.nodes.push_back(testing_support::Node(absl::StrCat("par-", i), {absl::StrCat("172.33.7.", i)}));
  }
  for (InventoryNode& node : inventory.nodes) TakeFrom(node, Capability::kNetem);
  inventory.nodes[3].platform = {.id = "amzn"};
  EXPECT_THAT(
      ErrorsOf(PlanWith(kFar), inventory),
      ElementsAre(
          "p:4:5: step 'far': nodes par-1, par-3, par-4, par-5, par-6 and 1 more have no netem qdisc: install your "
          "distribution's package with the kernel module sch_netem",
          "p:4:5: step 'far': node par-2 has no netem qdisc: the module sch_netem comes with: dnf install "
          "kernel-modules-extra; then modprobe sch_netem and restart the agent"));
}

TEST(CompileRefusalsTest, EverythingANodeLacksAndOnlyWhatTheStepNeeds) {
  Inventory inventory = LondonAndParis();
  inventory.nodes[2].has = {Capability::kIngressHook, Capability::kTableOwner};
  EXPECT_THAT(ErrorsOf(PlanWith(kFar), inventory),
              ElementsAre(HasSubstr("node par-1 has no ifb device with a tbf qdisc"),
                          HasSubstr("node par-1 has no netem qdisc")));
  EXPECT_THAT(CompilePlan(PlanWith(Drop{}), inventory, Options()).errors, IsEmpty());
  // Loss alone and rate alone need no netem.
  inventory.nodes[2].has = CapabilitySet::All();
  TakeFrom(inventory.nodes[2], Capability::kNetem);
  EXPECT_THAT(CompilePlan(PlanWith(Impairment{.loss = Ratio::Percent(1)}), inventory, Options()).errors, IsEmpty());
  EXPECT_THAT(CompilePlan(PlanWith(Impairment{.rate = BitRate{1'000'000}}), inventory, Options()).errors, IsEmpty());
}

// It receives from two groups.
TEST(CompileRefusalsTest, ANodeOfSeveralEdgesIsNamedOnce) {
  Inventory inventory = LondonAndParis();
  inventory.nodes.push_back(testing_support::Node("rom-1", {"172.34.0.1"}));
  TakeFrom(inventory.nodes[2], Capability::kNetem);
  Plan plan = PlanWith(kFar);
  plan.groups.emplace("rome", GroupOf("rome", {"rom-1"}));
  plan.steps[0].ends = Between{{"london", "paris", "rome"}};
  EXPECT_THAT(ErrorsOf(plan, inventory), ElementsAre(HasSubstr("step 'far': node par-1 has no netem qdisc: ")));
}

TEST(CompileRefusalsTest, ANodeWithoutTheIngressHook) {
  Inventory inventory = LondonAndParis();
  TakeFrom(inventory.nodes[2], Capability::kIngressHook);
  EXPECT_THAT(
      ErrorsOf(PlanWith(Drop{}), inventory),
      ElementsAre("p:4:5: step 'far': node par-1 has no nftables netdev ingress hook: load the module nf_tables, "
                  "or use a kernel built with CONFIG_NETFILTER_INGRESS"));
}

TEST(CompileRefusalsTest, ANodeWithoutReject) {
  Inventory inventory = LondonAndParis();
  TakeFrom(inventory.nodes[3], Capability::kReject);
  EXPECT_THAT(ErrorsOf(PlanWith(Reject{}), inventory),
              ElementsAre("p:4:5: step 'far': node par-2 has no nftables reject on input: use Linux 5.9 or later, "
                          "or 'action: drop'"));
}

TEST(CompileRefusalsTest, ANodeWithoutConnectionTracking) {
  Inventory inventory = LondonAndParis();
  TakeFrom(inventory.nodes[2], Capability::kConnectionState);
  Plan plan = PlanWith(Drop{});
  plan.steps[0].filter.connection = Connection::kNew;
  EXPECT_THAT(ErrorsOf(plan, inventory),
              ElementsAre(HasSubstr("step 'far': node par-1 has no connection tracking in nftables: ")));
}

TEST(CompileRefusalsTest, AnImpairmentByConnection) {
  Plan plan = PlanWith(kFar);
  plan.steps[0].filter.connection = Connection::kEstablished;
  EXPECT_THAT(ErrorsOf(plan, LondonAndParis()),
              ElementsAre(HasSubstr("p:4:5: step 'far': an impairment cannot select by connection: ")));
}

TEST(CompileRefusalsTest, AConnectionWhoseReceiverHasNoAgent) {
  Plan plan = PlanWith(Drop{});
  plan.steps[0].filter.connection = Connection::kNew;
  plan.steps[0].ends = OneWay{"london", "dynamo"};
  EXPECT_THAT(
      ErrorsOf(plan, LondonAndParis()),
      ElementsAre("p:4:5: step 'far': 'london' to 'dynamo': 'dynamo' has no connected node, and the connection's "
                  "state is only known at the receiver, and it has no agent"));
  plan.groups.at("dynamo").nodes = {"par-1"};
  const Compiled compiled = CompileGood(plan);
  EXPECT_THAT(compiled.warnings,
              ElementsAre("step 'far': 'london' to 'dynamo': packets to hosts of 'dynamo' without an agent pass: the "
                          "connection's state is only known at the receiver, and it has no agent"));
}

TEST(CompileRefusalsTest, SendersThatCannotWhereNobodyReceives) {
  Inventory inventory = LondonAndParis();
  TakeFrom(inventory.nodes[0], Capability::kNetem);
  TakeFrom(inventory.nodes[1], Capability::kRejectOutgoing);
  Plan plan = PlanWith(kFar);
  plan.steps[0].ends = OneWay{"london", "dynamo"};
  EXPECT_THAT(ErrorsOf(plan, inventory),
              ElementsAre(HasSubstr("'dynamo' has no connected node, and node lon-1 has no netem qdisc: ")));
  plan.steps[0].effect = Reject{};
  EXPECT_THAT(
      ErrorsOf(plan, inventory),
      ElementsAre(HasSubstr("'dynamo' has no connected node, and node lon-2 has no nftables reject on output: ")));
}

// Steps between the same groups that need different things are enforced differently.
TEST(CompileRefusalsTest, EachStepHasTheSendersThatCanDoIt) {
  Inventory inventory = LondonAndParis();
  TakeFrom(inventory.nodes[0], Capability::kNetem);
  Plan plan = PlanWith(kFar);
  plan.groups.at("paris").cidrs = Set({"172.33.0.0/16"});
  plan.steps.push_back(plan.steps[0]);
  plan.steps[1].name = "cut";
  plan.steps[1].effect = Drop{};
  const Compiled compiled = CompileGood(plan, inventory);
  EXPECT_THAT(compiled.warnings, ElementsAre(HasSubstr("step 'far': 'london' to 'paris': packets to hosts of 'paris' "
                                                       "without an agent pass: node lon-1 has no netem qdisc")));
  EXPECT_THAT(TimelineOf(compiled, "lon-1").steps[0].rules, IsEmpty());
  EXPECT_THAT(TimelineOf(compiled, "lon-1").steps[1].rules, SizeIs(1));
  EXPECT_THAT(TimelineOf(compiled, "lon-2").steps[0].rules, SizeIs(1));
}

}  // namespace
}  // namespace faultline
