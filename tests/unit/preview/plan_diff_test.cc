#include "controller/preview/plan_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "controller/plan/plan_yaml.h"

namespace faultline {
namespace {

constexpr char kPlan[] = R"(name: p
seed: 7
groups:
  a: {cidrs: [172.32.0.0/16]}
  b: {cidrs: [172.33.0.0/16], nodes: "par-*"}
steps:
  - {at: 0s, for: 10s, name: one, block: {from: a, to: b}}
  - {at: 10s, for: 10s, name: two, partition: {groups: [a, b], protocol: tcp, ports: 3002}, flap: {down: 2s, up: 5s}}
)";

Plan Read(const std::string& text) {
  ParsedPlan parsed = ParsePlan(text);
  EXPECT_THAT(parsed.errors, ::testing::IsEmpty()) << JoinErrors(parsed.errors, "p");
  return std::move(parsed.plan);
}

// How a plan with one text in place of another differs from kPlan.
std::string DiffOf(absl::string_view old_text, absl::string_view new_text) {
  return DiffPlans(Read(kPlan), Read(absl::StrReplaceAll(kPlan, {{old_text, new_text}})));
}

TEST(PlanDiffTest, TheSamePlanHasNoDifference) {
  EXPECT_EQ(DiffPlans(Read(kPlan), Read(kPlan)), "");
  EXPECT_EQ(DiffOf("  a: {cidrs", "\n  a: {cidrs"), "") << "places in the text do not count";
}

TEST(PlanDiffTest, NamesCount) {
  EXPECT_EQ(DiffOf("name: p\n", "name: q\ndescription: Another.\n"),
            "- name: p\n+ name: q\n- description: \n+ description: Another.\n");
}

// Two plans of one step each, which differ in `a` and `b` alone.
std::string DiffOfSteps(const std::string& a, const std::string& b) {
  const auto plan = [](const std::string& step) {
    return Read("name: p\ngroups: {a: {nodes: [x]}, b: {nodes: [y]}}\nsteps:\n  - {for: 1s, name: s, " + step + "}\n");
  };
  return DiffPlans(plan(a), plan(b));
}

TEST(PlanDiffTest, WhatWordsDoNotTellIsADifference) {
  const auto samples = [](const char* list) { return absl::StrCat("impair: {from: a, to: b, samples: ", list, "}"); };
  EXPECT_EQ(DiffOfSteps(samples("[1ms, 2ms, 9ms]"), samples("[1ms, 2ms, 9ms]")), "");
  EXPECT_NE(DiffOfSteps(samples("[1ms, 2ms, 9ms]"), samples("[1ms, 3ms, 9ms]")), "");
  const auto loss = [](const char* h) {
    return absl::StrCat("impair: {from: a, to: b, loss: {gemodel: {p: 1%, r: 10%, 1-h: ", h, "}}}");
  };
  EXPECT_NE(DiffOfSteps(loss("100%"), loss("99%")), "");
  const auto exclude = [](const char* last) {
    std::string many;
    for (int i = 0; i < 9; ++i) absl::StrAppend(&many, "10.", 2 * i, ".0.0/16, ");
    return absl::StrCat("block: {from: a, to: b, exclude: [", many, last, "]}");
  };
  EXPECT_NE(DiffOfSteps(exclude("10.40.0.0/16"), exclude("10.50.0.0/16")), "");
}

TEST(PlanDiffTest, ArgumentsAreNotOneText) {
  const std::string text = absl::StrCat(kPlan, "observe: [{name: o, command: [sh, -c, a b]}]\n");
  EXPECT_THAT(DiffPlans(Read(text), Read(absl::StrReplaceAll(text, {{"-c, a b", "-c a, b"}}))),
              ::testing::HasSubstr("it differs, in what is not told"));
}

TEST(PlanDiffTest, TheOrderOfStepsCounts) {
  Plan a = Read(kPlan);
  Plan b = a;
  std::swap(b.steps[0], b.steps[1]);
  EXPECT_EQ(DiffPlans(a, b), "- order of step: one, two\n+ order of step: two, one\n");
}

TEST(PlanDiffTest, AChangedStepIsSaidTwice) {
  EXPECT_EQ(DiffOf("at: 0s, for: 10s", "at: 1s, for: 8s"),
            "- step one: 0s to 10s: drop from a to b\n"
            "+ step one: 1s to 9s: drop from a to b\n");
  EXPECT_EQ(DiffOf("ports: 3002", "ports: 3001"),
            "- step two: 10s to 20s: drop tcp to or from port 3002, down 2s and up 5s between a, b\n"
            "+ step two: 10s to 20s: drop tcp to or from port 3001, down 2s and up 5s between a, b\n");
}

TEST(PlanDiffTest, AnotherNameIsAnotherStep) {
  EXPECT_EQ(DiffOf("name: one", "name: three"),
            "- step one: 0s to 10s: drop from a to b\n"
            "+ step three: 0s to 10s: drop from a to b\n");
}

TEST(PlanDiffTest, HeaderAndGroupsCount) {
  EXPECT_EQ(DiffOf("seed: 7", "seed: 8"), "- seed: 7\n+ seed: 8\n");
  EXPECT_EQ(DiffOf("172.33.0.0/16]", "172.34.0.0/16]"),
            "- group b: 172.33.0.0/16 + nodes par-*\n+ group b: 172.34.0.0/16 + nodes par-*\n");
  EXPECT_EQ(DiffOf("seed: 7", "seed: 7\nmax_nodes: 3"), "+ max_nodes: 3\n");
  EXPECT_EQ(DiffOf("seed: 7", "seed: 7\nwait_verified: 1m"), "+ wait_verified: 1m\n");
}

TEST(PlanDiffTest, ADifferenceDeepInALargeGroupIsFound) {
  std::string many;
  for (int i = 0; i < 50; ++i) absl::StrAppend(&many, i == 0 ? "" : ", ", "10.", 2 * i, ".0.0/16");
  const std::string text = absl::StrReplaceAll(kPlan, {{"[172.32.0.0/16]", absl::StrCat("[", many, "]")}});
  EXPECT_EQ(DiffPlans(Read(text), Read(text)), "");
  EXPECT_NE(DiffPlans(Read(text), Read(absl::StrReplaceAll(text, {{"10.98.0.0/16", "10.99.0.0/16"}}))), "");
}

}  // namespace
}  // namespace faultline
