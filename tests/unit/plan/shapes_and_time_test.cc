#include <gmock/gmock.h>

#include "tests/unit/plan/plan_texts.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;

PlanStep FirstStepOf(const std::string& fault, Plan* whole = nullptr) {
  Plan plan = GoodPlan(PlanOfSteps("  - {for: 30s, " + fault + "}"));
  if (whole != nullptr) *whole = plan;
  return plan.steps.empty() ? PlanStep() : plan.steps[0];
}

TEST(ShapesTest, Isolate) {
  const auto expect = [](const std::string& fault, const char* group, std::optional<std::string> from) {
    const PlanStep step = FirstStepOf(fault);
    const auto* ends = std::get_if<Isolate>(&step.ends);
    ASSERT_NE(ends, nullptr) << fault;
    EXPECT_EQ(ends->group, group) << fault;
    EXPECT_EQ(ends->from, from) << fault;
    EXPECT_EQ(step.effect, Effect(Drop())) << fault;
  };
  expect("isolate: lon", "lon", std::nullopt);
  expect("isolate: {group: lon}", "lon", std::nullopt);
  expect("isolate: {nodes: lon, from: par}", "lon", "par");
  const PlanStep filtered = FirstStepOf("isolate: {group: lon, action: reject, ports: 3000}, flap: {down: 1s, up: 1s}");
  EXPECT_EQ(filtered.effect, Effect(Reject()));
  EXPECT_THAT(filtered.filter.either_ports, ElementsAre(PortRange{3000, 3000}));
  EXPECT_TRUE(filtered.flap.has_value());
  EXPECT_EQ(FirstStepOf("isolate: lon, semantics: security-group").filter.connection, Connection::kNew);
}

TEST(ShapesTest, RegionAndZoneDownIsolateByLabel) {
  Plan plan;
  const PlanStep region = FirstStepOf("region_down: eu-west-3", &plan);
  EXPECT_EQ(std::get<Isolate>(region.ends).group, "region eu-west-3");
  EXPECT_EQ(std::get<Isolate>(region.ends).from, std::nullopt);
  EXPECT_EQ(plan.groups.at("region eu-west-3").labels.at("region"), "eu-west-3");
  const PlanStep zone = FirstStepOf("az_down: {az: \"*a\", protocol: tcp}", &plan);
  EXPECT_EQ(std::get<Isolate>(zone.ends).group, "az *a");
  EXPECT_EQ(plan.groups.at("az *a").labels.at("az"), "*a");
  EXPECT_EQ(zone.filter.protocol, Protocol::kTcp);
}

TEST(ShapesTest, DrawnShapes) {
  const auto expect = [](const std::string& fault, Shape::Kind kind, const char* of, std::uint32_t islands) {
    const PlanStep step = FirstStepOf(fault);
    const auto* shape = std::get_if<Shape>(&step.ends);
    ASSERT_NE(shape, nullptr) << fault;
    EXPECT_EQ(shape->kind, kind) << fault;
    EXPECT_EQ(shape->of, of) << fault;
    EXPECT_EQ(shape->islands, islands) << fault;
  };
  expect("halves: lon", Shape::Kind::kHalves, "lon", 2);
  expect("halves: {of: all, ports: 80}", Shape::Kind::kHalves, "all", 2);
  expect("bridge: all", Shape::Kind::kBridge, "all", 2);
  expect("majorities_ring: lon", Shape::Kind::kMajoritiesRing, "lon", 2);
  expect("islands: {of: lon, count: 3}", Shape::Kind::kIslands, "lon", 3);
}

TEST(ShapesTest, ABlackholeIsOneWay) {
  const PlanStep step = FirstStepOf("blackhole: {from: lon, to: par, ports: 443}");
  EXPECT_EQ(std::get<OneWay>(step.ends).to, "par");
  EXPECT_EQ(step.effect, Effect(Drop()));
  EXPECT_THAT(step.filter.destination_ports, ElementsAre(PortRange{443, 443}));
}

TEST(ShapesTest, AnImpairmentMayBeOfAGroupAndAllOthers) {
  const PlanStep step = FirstStepOf("impair: {group: lon, rtt: 40ms, ports: 80}");
  EXPECT_EQ(std::get<Isolate>(step.ends).group, "lon");
  EXPECT_EQ(std::get<Impairment>(step.effect).delay, milliseconds(20));
  EXPECT_THAT(step.filter.either_ports, ElementsAre(PortRange{80, 80}));
  EXPECT_EQ(std::get<Isolate>(FirstStepOf("impair: {group: lon, from: par, loss: 1%}").ends).from, "par");
}

TEST(TimeTest, AStepRepeats) {
  const Plan plan =
      GoodPlan(PlanOfSteps("  - {name: cut, at: 5s, for: 10s, every: 30s, times: 3, halves: lon}\n"
                           "  - {name: next, after: cut, for: 1s, halves: lon}\n"
                           "  - {after: cut.2, for: 1s, halves: lon}"));
  ASSERT_EQ(plan.steps.size(), 5u);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(plan.steps[i].name, "cut." + std::to_string(i + 1));
    EXPECT_EQ(plan.steps[i].at, seconds(5 + 30 * i));
    EXPECT_EQ(plan.steps[i].length, seconds(10));
  }
  EXPECT_EQ(plan.steps[3].at, seconds(75));
  EXPECT_EQ(plan.steps[4].at, seconds(45));
  EXPECT_EQ(plan.steps[4].name, "step-3");
  EXPECT_EQ(GoodPlan(PlanOfSteps("  - {for: 1s, every: 1s, times: 1, halves: lon}")).steps[0].name, "step-1.1");
}

TEST(TimeTest, WarmupMovesEveryStep) {
  const Plan plan = GoodPlan("warmup: 1m\ncooldown: 20s\n" +
                             PlanOfSteps("  - {for: 10s, halves: lon}\n  - {after: step-1, for: 10s, halves: lon}"));
  EXPECT_EQ(plan.warmup, minutes(1));
  EXPECT_EQ(plan.cooldown, seconds(20));
  EXPECT_EQ(plan.length, std::nullopt);
  EXPECT_EQ(plan.steps[0].at, minutes(1));
  EXPECT_EQ(plan.steps[1].at, seconds(70));
}

TEST(TimeTest, TheLengthLeavesTheCooldown) {
  const Plan plan = GoodPlan("warmup: 10s\nlength: 5m\n" +
                             PlanOfSteps("  - {for: 2m, halves: lon}\n  - {at: 1m, for: 30s, halves: lon}"));
  EXPECT_EQ(plan.length, minutes(5));
  EXPECT_EQ(plan.cooldown, minutes(5) - seconds(130));
  EXPECT_EQ(GoodPlan("length: 30s\n" + PlanOfSteps("  - {for: 30s, halves: lon}")).cooldown, seconds(0));
  EXPECT_EQ(GoodPlan(PlanOfSteps("  - {for: 30s, halves: lon}")).cooldown, seconds(3));
}

TEST(TimeTest, TheBlastRadiusIsBounded) {
  const Plan plan =
      GoodPlan("env: staging\nmax_nodes: 4\nmax_share: 25%\n" + PlanOfSteps("  - {for: 1s, halves: lon}"));
  EXPECT_EQ(plan.env, "staging");
  EXPECT_EQ(plan.max_nodes, 4u);
  EXPECT_EQ(plan.max_share, Ratio::Percent(25));
}

TEST(TimeTest, AThousandRepetitionsAreTheMost) {
  EXPECT_EQ(GoodPlan(PlanOfSteps("  - {for: 1s, every: 1s, times: 1000, halves: lon}")).steps.size(), 1000u);
  EXPECT_THAT(PlanErrors(PlanOfSteps("  - {for: 1s, every: 1s, times: 1000, halves: lon}\n"
                                     "  - {at: 1s, for: 1s, halves: lon}")),
              ElementsAre("5:5: a plan has at most 1000 steps"));
}

}  // namespace
}  // namespace faultline
