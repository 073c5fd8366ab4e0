#include "controller/cli/plan_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/plan/plan_yaml.h"
#include "tests/support/matchers.h"

namespace faultline {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::StatusIs;

constexpr char kPlan[] = R"(name: p
vars: {a: 10.0.0.0/8, hold: 5s}
groups:
  a: {cidrs: ["${a}"]}
  b: {cidrs: [172.16.0.0/12]}
steps:
  - {at: 0s, for: "${hold}", block: {from: a, to: b}})";

TEST(PlanSettingsTest, WithoutSettingsTheTextIsAsItWas) { EXPECT_EQ(*AddSettings(kPlan, {}), kPlan); }

TEST(PlanSettingsTest, SettingsReachThePlan) {
  const auto text = AddSettings(kPlan, {"hold=7s", "a=11.0.0.0/8"});
  ASSERT_THAT(text, IsOk());
  const ParsedPlan parsed = ParsePlan(*text);
  ASSERT_THAT(parsed.errors, IsEmpty()) << JoinErrors(parsed.errors, "p");
  EXPECT_EQ(parsed.plan.steps.front().length, std::chrono::seconds(7));
  EXPECT_EQ(parsed.plan.groups.at("a").cidrs.ToString(), "11.0.0.0/8");
}

TEST(PlanSettingsTest, AValueIsOneValueWhateverItHolds) {
  const auto text = AddSettings("name: p\n", {"a=x: {y}\n- \"z\"=1"});
  ASSERT_THAT(text, IsOk());
  EXPECT_EQ(std::count(text->begin(), text->end(), '\n'), 3);
}

TEST(PlanSettingsTest, NothingIsPutBehindAPlanInBracesOrIndented) {
  for (const char* plan : {"{name: p, vars: {hold: 5s}, steps: [{for: \"${hold}\", isolate: all}]}\n",
                           "  name: p\n  vars: {hold: 5s}\n"}) {
    EXPECT_THAT(
        AddSettings(plan, {"hold=7s"}),
        StatusIs(absl::StatusCode::kInvalidArgument,
                 "--set hold=7s: a setting can only be added to a plan whose top level has a key a line, not all in "
                 "braces and not indented"))
        << plan;
    EXPECT_EQ(*AddSettings(plan, {}), plan);
  }
  EXPECT_THAT(AddSettings("name: [", {"hold=7s"}), IsOk()) << "what is wrong with it is said elsewhere";
}

TEST(PlanSettingsTest, WrongSettingsAreNamed) {
  EXPECT_THAT(AddSettings(kPlan, {"hold"}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--set hold: ")));
  EXPECT_THAT(AddSettings(kPlan, {"=5s"}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("NAME=VALUE")));
  EXPECT_THAT(AddSettings(kPlan, {"a=1", "a=2"}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("twice")));
}

}  // namespace
}  // namespace faultline
