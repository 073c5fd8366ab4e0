#include "controller/report/boundary_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/timeline_codec.h"
#include "controller/plan/plan_yaml.h"
#include "tests/unit/compile/plan_builder.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr char kGroups[] = R"yaml(
name: p
seed: 7
groups:
  london: {cidrs: [172.32.0.0/16, "fd20::/48"]}
  paris: {cidrs: [172.33.0.0/16, "fd21::/48"]}
steps:
)yaml";

std::vector<Boundary> BoundariesOf(const std::string& plan, const Inventory& fleet, std::uint64_t seed = 7) {
  const ParsedPlan parsed = ParsePlan(plan);
  EXPECT_TRUE(parsed.errors.empty()) << JoinErrors(parsed.errors, "plan.yaml");
  Compiled compiled = CompilePlan(parsed.plan, fleet, testing_support::Options());
  EXPECT_TRUE(compiled.errors.empty()) << JoinErrors(compiled.errors, "plan.yaml");
  const std::vector<Stage> stages = StagesOf(compiled.timelines.front());
  std::map<NodeName, Timeline> timelines;
  for (Timeline& timeline : compiled.timelines) timelines[timeline.node] = timeline;
  const std::vector<ProbeNode> nodes = ProbeNodesOf(fleet);
  return PlanBoundaries(stages, {nodes, timelines, 7401}, seed);
}
std::vector<Boundary> InLondonAndParis(const std::string& steps) {
  return BoundariesOf(kGroups + steps, testing_support::LondonAndParis());
}

TEST(BoundaryPlanTest, ACutTakesAndLifts) {
  const auto boundaries = InLondonAndParis("  - {at: 5s, for: 3s, name: cut, block: {from: london, to: paris}}");
  ASSERT_THAT(boundaries, SizeIs(2));
  EXPECT_EQ(boundaries[0].at, seconds(5));
  EXPECT_EQ(boundaries[0].start, seconds(5) - kBurstBefore);
  EXPECT_EQ(boundaries[0].length, kBurstBefore + kBurstAfter);
  EXPECT_EQ(boundaries[1].at, seconds(8));
  EXPECT_THAT(boundaries[0].changing, ElementsAre(Pair(Pair(0, v1::TRANSITION_FIRED), 8)));
  EXPECT_THAT(boundaries[1].changing, ElementsAre(Pair(Pair(0, v1::TRANSITION_HEALED), 8)));
  for (const Boundary& boundary : boundaries) {
    // Two by two nodes, both IP versions, one way.
    ASSERT_THAT(boundary.edges, SizeIs(8));
    for (const BoundaryEdge& change : boundary.edges) {
      EXPECT_TRUE(change.edge.from.text().starts_with("lon")) << change.edge.from.text();
      EXPECT_TRUE(change.edge.to.text().starts_with("par")) << change.edge.to.text();
    }
  }
}

TEST(BoundaryPlanTest, NothingIsClaimedOfFaultsThatDoNotCut) {
  EXPECT_THAT(InLondonAndParis("  - {at: 5s, for: 3s, impair: {between: [london, paris], loss: 10%}}"), IsEmpty());
  EXPECT_THAT(InLondonAndParis("  - {at: 5s, for: 3s, impair: {between: [london, paris], delay: 80ms}}"), IsEmpty());
  EXPECT_THAT(InLondonAndParis("  - {at: 5s, for: 3s, block: {from: london, to: paris, protocol: tcp}}"), IsEmpty());
  EXPECT_THAT(InLondonAndParis("  - {at: 5s, for: 3s, block: {from: london, to: paris, action: reject}}"), IsEmpty());
  // Nor of a cut where a fault that does not cut begins or ends with it.
  const auto after_loss = InLondonAndParis(
      "  - {at: 5s, for: 3s, name: lossy, impair: {between: [london, paris], loss: 10%}}\n"
      "  - {after: lossy, for: 3s, name: cut, partition: [london, paris]}");
  ASSERT_THAT(after_loss, SizeIs(1));
  EXPECT_EQ(after_loss[0].at, seconds(11));
  EXPECT_THAT(InLondonAndParis("  - {at: 5s, for: 8s, partition: [london, paris], flap: {down: 500ms, up: 500ms}}"),
              IsEmpty());
}

TEST(BoundaryPlanTest, AFlapSlowerThanTheBurstTakes) {
  const auto boundaries =
      InLondonAndParis("  - {at: 5s, for: 7s, partition: [london, paris], flap: {down: 2s, up: 5s}}");
  // When the step ends the fault is off.
  ASSERT_THAT(boundaries, SizeIs(1));
  EXPECT_EQ(boundaries[0].at, seconds(5));
}

TEST(BoundaryPlanTest, OnlyWhatChangesChanges) {
  const auto boundaries = InLondonAndParis(
      "  - {at: 5s, for: 3s, name: one-way, block: {from: london, to: paris}}\n"
      "  - {after: one-way, for: 3s, name: split, partition: [london, paris]}");
  ASSERT_THAT(boundaries, SizeIs(3));
  // What was cut stays cut; the way back is new.
  EXPECT_THAT(boundaries[1].changing, ElementsAre(Pair(Pair(1, v1::TRANSITION_FIRED), 8)));
  EXPECT_TRUE(boundaries[1].edges[0].edge.from.text().starts_with("par"));
  EXPECT_THAT(boundaries[2].changing, ElementsAre(Pair(Pair(1, v1::TRANSITION_HEALED), 16)));
}

TEST(BoundaryPlanTest, BurstsDoNotMeet) {
  const auto boundaries = InLondonAndParis(
      "  - {at: 0s, for: 200ms, name: a, block: {from: london, to: paris}}\n"
      "  - {at: 400ms, for: 3s, name: b, block: {from: london, to: paris}}");
  ASSERT_THAT(boundaries, SizeIs(4));
  EXPECT_EQ(boundaries[0].start, -kBurstBefore);
  EXPECT_EQ(boundaries[0].start + boundaries[0].length, milliseconds(100));
  EXPECT_EQ(boundaries[1].start, milliseconds(100));
  EXPECT_EQ(boundaries[2].start, milliseconds(300));
  EXPECT_EQ(boundaries[2].start + boundaries[2].length, milliseconds(400) + kBurstAfter);
  EXPECT_EQ(boundaries[3].start, milliseconds(3400) - kBurstBefore);
}

TEST(BoundaryPlanTest, ALargeFleetIsSampledWithinTheBounds) {
  const Inventory fleet = testing_support::FleetOf(60);
  const std::string plan =
      "name: p\nseed: 7\ngroups:\n  everyone: {nodes: [\"n*\"]}\nsteps:\n  - {at: 5s, for: 3s, halves: everyone}";
  const auto boundaries = BoundariesOf(plan, fleet);
  ASSERT_THAT(boundaries, SizeIs(2));
  EXPECT_THAT(boundaries[0].changing, ElementsAre(Pair(Pair(0, v1::TRANSITION_FIRED), 30 * 30 * 2 * 2)));
  std::map<NodeName, std::size_t> out;
  std::map<NodeName, std::size_t> in;
  for (const BoundaryEdge& change : boundaries[0].edges) {
    ++out[change.edge.from];
    ++in[change.edge.to];
  }
  EXPECT_THAT(out, SizeIs(60));
  EXPECT_THAT(in, SizeIs(60));
  for (const auto* degrees : {&out, &in}) {
    for (const auto& [node, edges] : *degrees) {
      EXPECT_LE(edges, kMostBurstEdgesPerNode) << node.text();
      EXPECT_GE(edges, 3u) << node.text();
    }
  }
  EXPECT_EQ(BoundariesOf(plan, fleet)[0].edges, boundaries[0].edges);
  EXPECT_NE(BoundariesOf(plan, fleet, 8)[0].edges, boundaries[0].edges);
  EXPECT_NE(boundaries[1].edges.front().transition, boundaries[0].edges.front().transition);
}

TEST(BoundaryPlanTest, EveryNodeIsToldWhomToProbeAndWhomToNote) {
  const auto boundaries = InLondonAndParis("  - {at: 5s, for: 3s, name: cut, block: {from: london, to: paris}}");
  const auto bursts = BurstsOf("p-1", ControllerTime(seconds(100)), boundaries);
  ASSERT_THAT(bursts, SizeIs(4));
  const v1::ProbeBursts& london = bursts.at(NodeName("lon-1"));
  EXPECT_EQ(london.run_id(), "p-1");
  ASSERT_EQ(london.bursts_size(), 2);
  EXPECT_EQ(london.bursts(1).number(), 1u);
  EXPECT_EQ(DecodeDuration(london.bursts(0).start()).value(), seconds(105) - kBurstBefore);
  EXPECT_EQ(DecodeDuration(london.bursts(0).length()).value(), kBurstBefore + kBurstAfter);
  EXPECT_EQ(DecodeDuration(london.bursts(0).interval()).value(), kBurstInterval);
  EXPECT_EQ(london.bursts(0).to_size(), 4);
  EXPECT_EQ(london.bursts(0).from_size(), 0);
  const v1::ProbeBursts& paris = bursts.at(NodeName("par-2"));
  EXPECT_EQ(paris.bursts(0).to_size(), 0);
  ASSERT_EQ(paris.bursts(0).from_size(), 4);
  EXPECT_EQ(paris.bursts(0).from(0).peer(), "lon-1");
  EXPECT_EQ(paris.bursts(0).from(0).family(), v1::FAMILY_IPV4);
}

}  // namespace
}  // namespace faultline
