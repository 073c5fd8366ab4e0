#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/file.h"
#include "controller/plan/plan_yaml.h"

namespace faultline {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::SizeIs;

// The plans that are shipped.
std::vector<std::string> Files() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(FAULTLINE_SOURCE_DIR "/plans")) {
    files.push_back(entry.path().filename());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string TextOf(const std::string& file) { return ReadFile(absl::StrCat(FAULTLINE_SOURCE_DIR "/", file)).value(); }

class PlanLibraryTest : public testing::TestWithParam<std::string> {};

TEST_P(PlanLibraryTest, IsAGoodPlanCalledAsItsFile) {
  const std::string text = TextOf("plans/" + GetParam());
  const ParsedPlan parsed = ParsePlan(text);
  for (const TextError& error : parsed.errors) ADD_FAILURE() << error.ToString(GetParam());
  EXPECT_EQ(parsed.plan.name + ".yaml", GetParam());
  EXPECT_FALSE(parsed.plan.description.empty());
  EXPECT_TRUE(absl::StartsWith(text, "# ")) << "a plan begins with the story it tells";
}

INSTANTIATE_TEST_SUITE_P(Plans, PlanLibraryTest, testing::ValuesIn(Files()),
                         [](const testing::TestParamInfo<std::string>& param) {
                           std::string name = param.param.substr(0, param.param.find('.'));
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(PlanLibrary, HasAPlanOfEveryKind) {
  EXPECT_THAT(Files(), SizeIs(testing::Ge(7u)));
  for (const char* file : {"split-brain.yaml", "one-way-reject.yaml", "oregon-mumbai.yaml", "flaky-link.yaml",
                           "flapping-peering.yaml", "replication-lag-ramp.yaml", "one-way-security-group.yaml"}) {
    EXPECT_THAT(Files(), Contains(file));
  }
}

TEST(PlanFormatTest, TheDocumentsExampleIsAGoodPlan) {
  const std::string document = TextOf("docs/PLAN_FORMAT.md");
  const std::vector<std::string> blocks = absl::StrSplit(document, "```");
  ASSERT_GE(blocks.size(), 3u);
  ASSERT_TRUE(absl::StartsWith(blocks[1], "yaml\n"));
  const ParsedPlan parsed = ParsePlan(absl::string_view(blocks[1]).substr(5));
  for (const TextError& error : parsed.errors) ADD_FAILURE() << error.ToString("PLAN_FORMAT.md");
  EXPECT_THAT(parsed.plan.steps, testing::Not(IsEmpty()));
}

}  // namespace
}  // namespace faultline
