#include "controller/preview/make_preview.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "controller/plan/plan_yaml.h"
#include "controller/preview/render_preview.h"
#include "tests/support/matchers.h"

namespace faultline {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::Not;
using ::testing::SizeIs;

InventoryNode Node(const std::string& name, const std::string& address, CapabilitySet has) {
  InventoryNode node{.name = NodeName(name), .has = has};
  node.addresses = {*IpAddress::Parse(address)};
  node.interfaces[node.addresses.front()] = "ens5";
  return node;
}

Inventory TwoNodes(CapabilitySet has = CapabilitySet::All()) {
  return {{Node("lon-1", "172.32.4.2", has), Node("par-1", "172.33.8.38", has)}};
}

v1::PreviewPlanResponse Preview(const std::string& steps, const Inventory& inventory,
                                const PreviewDetail& detail = {}) {
  const ParsedPlan parsed =
      ParsePlan("name: p\ngroups:\n  a: {cidrs: [172.32.0.0/16]}\n  b: {cidrs: [172.33.0.0/16]}\nsteps:\n" + steps);
  EXPECT_THAT(parsed.errors, IsEmpty()) << JoinErrors(parsed.errors, "p");
  CompileOptions options;
  options.run = RunId("preview");
  const Compiled compiled = CompilePlan(parsed.plan, inventory, options);
  EXPECT_THAT(compiled.errors, IsEmpty()) << JoinErrors(compiled.errors, "p");
  return MakePreview(compiled, inventory, 7401, detail);
}

constexpr char kCut[] = "  - {at: 2s, for: 5s, name: cut, block: {from: a, to: b, exclude: 172.32.9.0/24}}\n";

TEST(MakePreviewTest, HasTheTimelineWithoutAnyNodesRules) {
  const v1::PreviewPlanResponse preview = Preview(kCut, TwoNodes());
  const absl::StatusOr<Timeline> timeline = TimelineOf(preview);
  ASSERT_THAT(timeline, IsOk());
  ASSERT_THAT(timeline->steps, SizeIs(1));
  EXPECT_EQ(timeline->steps[0].at, std::chrono::seconds(2));
  EXPECT_THAT(timeline->steps[0].rules, IsEmpty());
  EXPECT_THAT(timeline->prefix_sets, IsEmpty());
  EXPECT_THAT(preview.step_texts(), ElementsAre("drop"));
}

TEST(MakePreviewTest, HasGroupsStagesAndSparedTraffic) {
  const v1::PreviewPlanResponse preview = Preview(kCut, TwoNodes());
  ASSERT_THAT(preview.groups(), SizeIs(2));
  EXPECT_EQ(preview.groups(0).name(), "a");
  EXPECT_THAT(preview.groups(0).nodes(), ElementsAre("lon-1"));
  EXPECT_THAT(preview.groups(1).cidrs(), ElementsAre("172.33.0.0/16"));
  EXPECT_THAT(preview.stages(), SizeIs(3));
  ASSERT_THAT(preview.spared(), SizeIs(1));
  EXPECT_EQ(preview.spared(0).step(), "cut");
}

TEST(MakePreviewTest, RulesAreThoseOfTheNodesOwnInterfaces) {
  EXPECT_THAT(Preview(kCut, TwoNodes()).rules(), IsEmpty());
  const v1::PreviewPlanResponse preview = Preview(kCut, TwoNodes(), {.rules = true});
  ASSERT_THAT(preview.rules(), SizeIs(2));
  EXPECT_EQ(preview.rules(1).node(), "par-1");
  EXPECT_THAT(preview.rules(1).nft(), AllOf(HasSubstr("device \"ens5\""), HasSubstr("counter drop")));
  EXPECT_THAT(RenderNftRules(preview, "par-1"), AllOf(HasSubstr("# par-1"), Not(HasSubstr("# lon-1"))));
  EXPECT_THAT(RenderNftRules(preview, ""), AllOf(HasSubstr("its connection to the controller"), HasSubstr("`protect:`"),
                                                 HasSubstr("interfaces that it has reported")));
  EXPECT_THAT(Preview(kCut, TwoNodes(), {.rules = true, .node = "lon-1"}).rules(), SizeIs(1));
}

// So many nodes of London.
Inventory ManyNodes(int count) {
  Inventory inventory;
  for (int i = 0; i < count; ++i) {
    inventory.nodes.push_back(
        Node(absl::StrCat("n", 10'000 + i), absl::StrCat("172.32.", i / 250, ".", 1 + i % 250), CapabilitySet::All()));
  }
  inventory.nodes.push_back(Node("par-1", "172.33.8.38", CapabilitySet::All()));
  return inventory;
}

TEST(MakePreviewTest, ABriefOneHasOnlyWarningsAndNotes) {
  const v1::PreviewPlanResponse preview = Preview(kCut, ManyNodes(1'000), {.brief = true, .rules = true});
  v1::PreviewPlanResponse rest = preview;
  rest.clear_warnings();
  rest.clear_notes();
  EXPECT_EQ(rest.ByteSizeLong(), 0u);
}

TEST(MakePreviewTest, OfALargeFleetTheMatrixAndTheWordsAreLeftOut) {
  std::string steps;
  for (int i = 0; i < 30; ++i) {
    absl::StrAppend(&steps, "  - {at: ", 10 * i, "s, for: 5s, block: {from: a, to: b}}\n");
  }
  const v1::PreviewPlanResponse preview = Preview(steps, ManyNodes(1'000));
  EXPECT_THAT(preview.stages(), IsEmpty());
  EXPECT_THAT(preview.programs(), IsEmpty());
  EXPECT_LT(preview.ByteSizeLong(), 100'000u);
  EXPECT_THAT(RenderPreview(preview, {}),
              AllOf(HasSubstr("Left out, since the fleet is large: rules in words, "),
                    HasSubstr("who would reach whom, 1001000 edges in each of 61 stages"), HasSubstr("Timeline")));
  EXPECT_EQ(Preview(kCut, TwoNodes()).left_out(), "");
}

TEST(RenderPreviewTest, HasEverySection) {
  const std::string text = RenderPreview(Preview(kCut, TwoNodes()), {.color = false, .utf8 = true});
  EXPECT_THAT(text, AllOf(HasSubstr("Timeline, 10s"), HasSubstr("2s to 7s"), HasSubstr("Groups"),
                          HasSubstr("172.33.0.0/16"), HasSubstr("par-1, step cut:"), HasSubstr("sparing 172.32.9.0/24"),
                          HasSubstr("SSH (tcp/22)"), HasSubstr("from \\ to")));
}

TEST(RenderPreviewTest, SaysWhenNoProtectedTrafficIsTouched) {
  const auto preview =
      Preview("  - {at: 2s, for: 5s, name: cut, block: {from: a, to: b, protocol: tcp, ports: 3002}}\n", TwoNodes());
  EXPECT_THAT(RenderPreview(preview, {}), HasSubstr("Protected traffic: none"));
}

}  // namespace
}  // namespace faultline
