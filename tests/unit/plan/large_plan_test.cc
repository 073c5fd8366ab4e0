#include <gtest/gtest.h>

#include "tests/unit/plan/plan_texts.h"

namespace faultline {
namespace {

// Prefixes of which no two merge.
std::string CidrList(int count) {
  std::string list = "[";
  for (int i = 0; i < count; ++i) {
    absl::StrAppend(&list, i == 0 ? "" : ", ", 11 + i / 32'768, ".", i / 128 % 256, ".", i % 128 * 2, ".0/24");
  }
  return list + "]";
}

TEST(LargePlanTest, AGroupOfAHundredThousandPrefixes) {
  const Plan plan = GoodPlan(
      absl::StrCat("name: big\ngroups: {b: {cidrs: ", CidrList(100'000), "}}\nsteps: [{for: 1s, isolate: b}]\n"));
  EXPECT_EQ(plan.groups.at("b").cidrs.prefixes().size(), 100'000u);
}

TEST(LargePlanTest, OneMoreIsTooMany) {
  const std::vector<std::string> errors = PlanErrors(
      absl::StrCat("name: big\ngroups: {b: {cidrs: ", CidrList(100'001), "}}\nsteps: [{for: 1s, isolate: b}]\n"));
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_NE(errors[0].find("a plan has at most 100000 CIDRs"), std::string::npos) << errors[0];
}

}  // namespace
}  // namespace faultline
