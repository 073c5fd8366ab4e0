#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/file.h"
#include "controller/plan/plan_yaml.h"

namespace faultline {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// The plans that are shipped.
std::vector<std::string> Files() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(FAULTLINE_SOURCE_DIR "/plans")) {
    if (entry.is_regular_file()) files.push_back(entry.path().filename());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string TextOf(const std::string& file) { return ReadFile(absl::StrCat(FAULTLINE_SOURCE_DIR "/", file)).value(); }

// A text with the address ranges that the command line would read from a file.
std::string WithRanges(std::string text) {
  const std::vector<MissingFile> missing_files = ParsePlan(text).missing_files;
  if (!missing_files.empty()) absl::StrAppend(&text, "ip_ranges:\n");
  for (const MissingFile& missing : missing_files) {
    EXPECT_EQ(missing.kind, MissingFile::Kind::kIpRanges);
    absl::StrAppend(&text, "  - {file: ", missing.name, ", service: [", absl::StrJoin(missing.services, ", "),
                    "], region: [", absl::StrJoin(missing.regions, ", "), "], cidrs: [3.0.0.0/8]}\n");
  }
  return text;
}

class PlanLibraryTest : public ::testing::TestWithParam<std::string> {};

TEST_P(PlanLibraryTest, IsAGoodPlanCalledAsItsFile) {
  const std::string text = TextOf("plans/" + GetParam());
  const ParsedPlan parsed = ParsePlan(WithRanges(text));
  for (const TextError& error : parsed.errors) ADD_FAILURE() << error.ToString(GetParam());
  EXPECT_EQ(parsed.plan.name + ".yaml", GetParam());
  EXPECT_FALSE(parsed.plan.description.empty());
  EXPECT_TRUE(absl::StartsWith(text, "# ")) << "a plan begins with the story it tells";
}

INSTANTIATE_TEST_SUITE_P(Plans, PlanLibraryTest, ::testing::ValuesIn(Files()),
                         [](const ::testing::TestParamInfo<std::string>& param) {
                           std::string name = param.param.substr(0, param.param.find('.'));
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(PlanLibrary, HasAPlanOfEveryKind) {
  EXPECT_THAT(Files(), SizeIs(::testing::Ge(7u)));
  for (const char* file : {"split-brain.yaml", "one-way.yaml", "oregon-mumbai-300ms.yaml", "flaky-link.yaml",
                           "flapping-peering.yaml", "replication-lag-ramp.yaml", "one-way-security-group.yaml"}) {
    EXPECT_THAT(Files(), Contains(file));
  }
}

// The first example of a document is a whole plan.
void ExpectGoodExample(const std::string& document) {
  const std::vector<std::string> blocks = absl::StrSplit(TextOf(document), "```");
  ASSERT_GE(blocks.size(), 3u);
  ASSERT_TRUE(absl::StartsWith(blocks[1], "yaml\n"));
  const ParsedPlan parsed = ParsePlan(WithRanges(blocks[1].substr(5)));
  for (const TextError& error : parsed.errors) ADD_FAILURE() << error.ToString(document);
  EXPECT_THAT(parsed.plan.steps, ::testing::Not(IsEmpty()));
}

TEST(PlanFormatTest, TheDocumentsExamplesAreGoodPlans) {
  ExpectGoodExample("docs/PLAN_FORMAT.md");
  ExpectGoodExample("docs/PLAN_SAFETY.md");
}

}  // namespace
}  // namespace faultline
