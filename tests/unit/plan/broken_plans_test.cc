// Every plan in tests/data/plans/broken is wrong, as people get plans wrong, and has beside it the exact text that
// tells its author so. After a message was changed on purpose: FAULTLINE_WRITE_GOLDEN=1 plan_test writes what is said
// now, for you to read before it is committed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "controller/plan/plan_yaml.h"

namespace faultline {
namespace {

const std::filesystem::path kDirectory = FAULTLINE_SOURCE_DIR "/tests/data/plans/broken";

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kDirectory)) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class BrokenPlanTest : public ::testing::TestWithParam<std::string> {};

TEST_P(BrokenPlanTest, SaysExactlyThis) {
  const std::string text = ReadFile(kDirectory / (GetParam() + ".yaml")).value();
  const ParsedPlan parsed = ParsePlan(text);
  ASSERT_FALSE(parsed.errors.empty());
  const std::string said = absl::StrCat(JoinErrors(parsed.errors, GetParam() + ".yaml"), "\n");
  const std::filesystem::path golden = kDirectory / (GetParam() + ".txt");
  if (std::getenv("FAULTLINE_WRITE_GOLDEN") != nullptr) std::ofstream(golden) << said;
  EXPECT_EQ(said, ReadFile(golden).value_or("(no such file)"));
}

INSTANTIATE_TEST_SUITE_P(Corpus, BrokenPlanTest, ::testing::ValuesIn(Names()),
                         [](const ::testing::TestParamInfo<std::string>& param) { return param.param; });

TEST(BrokenPlans, AreMany) { EXPECT_GE(Names().size(), 80u); }

}  // namespace
}  // namespace faultline
