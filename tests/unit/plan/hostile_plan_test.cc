// Texts that cost little to write and would cost much to read: each is an error soon.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/plan/plan_texts.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string Repeated(absl::string_view text, int times) {
  std::string all;
  all.reserve(text.size() * static_cast<std::size_t>(times));
  for (int i = 0; i < times; ++i) absl::StrAppend(&all, text);
  return all;
}

// Without limits these texts take many minutes, or all memory there is: the time limit of the test ends them.
class HostilePlanTest : public ::testing::Test {
 protected:
  // The one error of a text.
  std::string ErrorOf(const std::string& text) {
    const ParsedPlan parsed = ParsePlan(text);
    EXPECT_THAT(parsed.errors, SizeIs(1)) << JoinErrors(parsed.errors, "p").substr(0, 2000);
    return parsed.errors.empty() ? "" : parsed.errors.front().ToString("p");
  }
};

TEST_F(HostilePlanTest, NothingIsReadAfterTheLastStepThatIsAllowed) {
  const std::string text = absl::StrCat("name: p\ngroups: {a: {nodes: [x]}}\nsteps:\n",
                                        Repeated("- {for: 1s, at: 0s, every: 1s, times: 1000, halves: a}\n", 10'000));
  EXPECT_EQ(ErrorOf(text), "p:5:3: a plan has at most 1000 steps");
  EXPECT_THAT(ParsePlan(text).plan.steps, SizeIs(1000));
}

TEST_F(HostilePlanTest, RepetitionsAreCountedBeforeTheyAreMade) {
  std::string text = "name: p\ngroups: {a: {nodes: [x]}}\nsteps:\n- {for: 1s, halves: a}\n";
  absl::StrAppend(&text, "- {at: 0s, for: 1s, every: 1s, times: 1000, halves: a}\n");
  EXPECT_EQ(ErrorOf(text), "p:5:3: a plan has at most 1000 steps");
  EXPECT_THAT(ParsePlan(text).plan.steps, SizeIs(1000));
}

TEST_F(HostilePlanTest, AnExpressionHasABoundedNumberOfGroups) {
  const std::string text = absl::StrCat("name: p\nvars: {e: b}\ngroups:\n  b: {nodes: [x]}\n  a: \"${e}",
                                        Repeated(" + x", 500'000), "\"\nsteps: [{for: 1s, isolate: a}]\n");
  const ParsedPlan parsed = ParsePlan(text);
  ASSERT_THAT(parsed.errors, SizeIs(2));
  EXPECT_THAT(parsed.errors[0].message, HasSubstr("a plan has at most 10000 groups that others are made of"));
  EXPECT_THAT(parsed.errors[1].message, HasSubstr("unknown group 'x'"));
}

TEST_F(HostilePlanTest, AGroupIsPartOfAnotherOnce) {
  const Plan plan = GoodPlan(
      "name: p\ngroups: {a: {nodes: [x]}, b: {nodes: [y]}, c: a + b + a - b - b, d: {all: [a, a], except: [b, b]}}\n"
      "steps: [{for: 1s, isolate: c}]\n");
  EXPECT_THAT(plan.groups.at("c").all, ElementsAre("a", "b"));
  EXPECT_THAT(plan.groups.at("c").except, ElementsAre("b"));
  EXPECT_THAT(plan.groups.at("d").all, ElementsAre("a"));
  EXPECT_THAT(plan.groups.at("d").except, ElementsAre("b"));
}

TEST_F(HostilePlanTest, ManyUnknownGroupsAreSoonSaid) {
  std::string text = "name: p\ngroups:\n";
  for (int i = 0; i < 900; ++i) absl::StrAppend(&text, "  group-with-a-long-name-", i, ": {all: [nobody, ", i, "]}\n");
  for (int i = 0; i < 8; ++i) {
    absl::StrAppend(&text, "  sum", i, ": all");
    for (int j = 0; j < 1000; ++j) absl::StrAppend(&text, " + g-r-o-u-p-w-i-t-h-a-l-o-n-g-n-a-m-e-", i, "-", j);
    text += "\n";
  }
  EXPECT_THAT(ParsePlan(text + "steps: [{for: 1s, isolate: all}]\n").errors, ::testing::Not(IsEmpty()));
}

TEST_F(HostilePlanTest, ANameOfHyphensIsNoPairOfGroups) {
  const std::string text = absl::StrCat("name: p\ngroups: {a: ", "{all: [a", Repeated("-", 1'000'000),
                                        "b]}}\nsteps: [{for: 1s, isolate: a}]\n");
  EXPECT_THAT(ErrorOf(text), HasSubstr("unknown group 'a---"));
}

TEST_F(HostilePlanTest, OnlyAFewVariablesOfATextAreNoted) {
  const std::string text = absl::StrCat("name: p\nvars: {e: \"\", f: nowhere}\ngroups: {a: \"${f}",
                                        Repeated("${e}", 500'000), " + y\"}\nsteps: [{for: 1s, isolate: a}]\n");
  const ParsedPlan parsed = ParsePlan(text);
  ASSERT_THAT(parsed.errors, SizeIs(2));
  EXPECT_EQ(parsed.errors[0].message, "unknown group 'nowhere' (${f} is 'nowhere') (${e} is '') (${e} is '')");
}

TEST_F(HostilePlanTest, UnknownVariablesAreSoonSaid) {
  std::string text = "name: p\nvars:\n";
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&text, "  variable-with-a-long-name-", i, ": x\n");
  absl::StrAppend(&text, "groups: {a: {nodes: [\"", Repeated("${x}", 300'000), "\"", Repeated(",\"${x}\"", 100'000),
                  "]}}\nsteps: [{for: 1s, isolate: a}]\n");
  EXPECT_THAT(ParsePlan(text).errors, ::testing::Not(IsEmpty()));
}

TEST_F(HostilePlanTest, ExpectationsAreCountedWithRepetitions) {
  std::string groups;
  std::string names;
  for (int i = 0; i < 141; ++i) {
    absl::StrAppend(&groups, i == 0 ? "" : ", ", "g", i, ": {nodes: [n", i, "]}");
    absl::StrAppend(&names, i == 0 ? "" : ", ", "g", i);
  }
  const std::string head = absl::StrCat("name: p\ngroups: {", groups, "}\nsteps:\n- {for: 1s, every: 1s, times: 1000, ",
                                        "name: s, partition: [", names, "]");
  const ParsedPlan of_step = ParsePlan(head + ", expect: unreachable}\n");
  EXPECT_THAT(of_step.plan.expectations, SizeIs(10'000));
  ASSERT_THAT(of_step.errors, SizeIs(1));
  EXPECT_THAT(of_step.errors[0].message, HasSubstr("a plan has at most 10000 expectations"));
  const ParsedPlan of_plan =
      ParsePlan(absl::StrCat(head, "}\nexpect: [{step: s, between: [", names, "], reach: unreachable}]\n"));
  EXPECT_THAT(of_plan.plan.expectations, SizeIs(10'000));
  EXPECT_THAT(of_plan.errors, SizeIs(1));
  const ParsedPlan often =
      ParsePlan(absl::StrCat(head, ", expect: [", Repeated("unreachable, ", 200'000), "unreachable]}\n"));
  EXPECT_THAT(often.errors, SizeIs(1));
}

TEST_F(HostilePlanTest, NamesOfSamplesAreBounded) {
  std::string text = "name: p\ngroups: {a: {nodes: [x]}, b: {nodes: [y]}}\nsteps:\n";
  for (int i = 0; i < 9; ++i) {
    absl::StrAppend(&text, "- {at: 0s, for: 1s, impair: {from: a, to: b, samples: a-file-of-long-name-", i,
                    "x.csv}}\n");
  }
  text += "samples:\n";
  for (int i = 0; i < 5'000; ++i) absl::StrAppend(&text, "  a-file-of-long-name-", i, ".csv: [1ms]\n");
  absl::StrAppend(&text, "  ", Repeated("a", 300), ": [1ms, 2ms]\n");
  const ParsedPlan parsed = ParsePlan(text);
  EXPECT_THAT(parsed.errors.back().message, HasSubstr("a plan has at most 1000 lists of samples"));
  EXPECT_THAT(ErrorOf(absl::StrCat("name: p\ngroups: {a: {nodes: [x]}}\nsteps: [{for: 1s, isolate: a}]\nsamples:\n  ",
                                   Repeated("a", 257), ": [1ms, 2ms]\n")),
              HasSubstr("a name of samples is longer than 256 characters"));
}

}  // namespace
}  // namespace faultline
