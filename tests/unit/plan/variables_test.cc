#include "controller/plan/variables.h"

#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "tests/unit/plan/plan_texts.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

std::string WithVars(absl::string_view vars, absl::string_view step) {
  return absl::StrCat("name: p\nvars: ", vars, "\ngroups: {lon: {nodes: [a]}, par: {nodes: [b]}}\nsteps:\n  - ", step,
                      "\n");
}

TEST(VariablesTest, StandForTheirDefaults) {
  const Plan plan = GoodPlan(WithVars("{delay: 80ms, region: eu-west-2, hold: 30s}",
                                      "{for: \"${hold}\", impair: {between: [lon, par], delay: \"${delay}\"}, "
                                      "name: \"in-${region}.${hold}\"}"));
  EXPECT_EQ(plan.steps[0].name, "in-eu-west-2.30s");
  EXPECT_EQ(plan.steps[0].length, seconds(30));
  EXPECT_EQ(std::get<Impairment>(plan.steps[0].effect).delay, milliseconds(80));
  EXPECT_THAT(plan.variables, ElementsAre(Pair("delay", "80ms"), Pair("hold", "30s"), Pair("region", "eu-west-2")));
}

TEST(VariablesTest, SettingsWin) {
  const Plan plan = GoodPlan(absl::StrCat(WithVars("{hold: 30s, a: }", "{for: \"${hold}\", region_down: \"${a}\"}"),
                                          "set: {hold: 2s, a: eu-west-3}\n"));
  EXPECT_EQ(plan.steps[0].length, seconds(2));
  EXPECT_EQ(std::get<Isolate>(plan.steps[0].ends).group, "region eu-west-3");
}

TEST(VariablesTest, AreFilledInEverywhereButInKeys) {
  const Plan plan = GoodPlan(
      "name: \"${x}\"\nvars: {x: lon}\ndescription: |\n  about ${x}\n  costs 5$$ and $1\n"
      "groups: {lon: {labels: {az: \"${x}*\"}}, par: {nodes: [\"${x}-2\"]}}\n"
      "steps: [{for: 1s, partition: [\"${x}\", par]}]\n"
      "observe: [{command: [sh, -c, \"echo $$HOME ${x}\"]}]\n");
  EXPECT_EQ(plan.name, "lon");
  EXPECT_EQ(plan.description, "about lon\ncosts 5$ and $1\n");
  EXPECT_EQ(plan.groups.at("lon").labels.at("az"), "lon*");
  EXPECT_THAT(plan.groups.at("par").nodes, ElementsAre("lon-2"));
  EXPECT_THAT(std::get<Between>(plan.steps[0].ends).groups, ElementsAre("lon", "par"));
  EXPECT_EQ(plan.observations[0].command.arguments[2], "echo $HOME lon");
  EXPECT_THAT(PlanErrors("name: p\nvars: {x: lon}\ngroups: {\"${x}\": {nodes: [\"${x}\"]}}\n"
                         "steps: [{for: 1s, halves: all}]\n"),
              ElementsAre(HasSubstr("3:10: group name '${x}' may have only letters")));
}

TEST(VariablesTest, AreNotLookedForInDefaults) {
  const Plan plan = GoodPlan(WithVars("{a: \"$${b}\", b: x}", "{for: 1s, halves: lon, name: \"${b}\"}") +
                             "observe: [{command: [\"${a}\"]}]\n");
  EXPECT_EQ(plan.observations[0].command.arguments[0], "$${b}");
  EXPECT_THAT(PlanErrors(WithVars("{a: \"x-${b}\", b: x}", "{for: 1s, halves: lon, name: \"${a}${b}\"}")),
              ElementsAre("2:11: variable 'a': the value of a variable may not contain another"));
}

TEST(VariablesTest, FillWhatAliasesShare) {
  const Plan plan = GoodPlan(
      "name: p\nvars: {hold: 5s}\ngroups: {lon: {nodes: [a]}}\nsteps:\n"
      "  - &one {name: a, for: \"${hold}\", halves: lon, flap: &flap {down: \"${hold}\", up: 1s}}\n"
      "  - {name: b, at: 9s, for: 10s, halves: lon, flap: *flap}\n");
  EXPECT_EQ(plan.steps[1].flap->down, seconds(5));
}

TEST(VariablesTest, AnErrorInAValueNamesTheVariable) {
  EXPECT_THAT(PlanErrors(WithVars("{hold: '80'}", "{for: \"${hold}\", halves: lon}")),
              ElementsAre("5:11: 'for': '80' is not a duration: it has no unit; write for example 250ms, 30s, 1h30m or "
                          "PT5M (${hold} is '80')"));
}

TEST(VariablesTest, WhatIsFilledInIsBounded) {
  std::string items;
  for (int i = 0; i < 100; ++i) absl::StrAppend(&items, "\"${long}\", ");
  const std::string text =
      absl::StrCat("name: p\nvars: {long: ", std::string(20'000, 'x'), "}\ngroups: {lon: {nodes: [",
                   "a]}}\nsteps: [{for: 1s, halves: lon}]\nobserve: [{command: [", items, "]}]\n");
  const std::vector<std::string> errors = PlanErrors(text);
  EXPECT_THAT(errors, ::testing::Contains(HasSubstr("variables make the text too large: at most 1048576 bytes")));
}

}  // namespace
}  // namespace faultline
