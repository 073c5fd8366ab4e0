#include "controller/cli/plan_library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/matchers.h"

namespace faultline {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::SizeIs;
using testing::StatusIs;

class PlanLibraryTest : public ::testing::Test {
 protected:
  PlanLibraryTest() {
    std::filesystem::create_directories(directory_);
    Write("split.yaml", "# Story.\nname: split\ndescription: Two halves, apart.\n");
    Write("broken.yaml", "name: [\n");
    Write("notes.txt", "no plan\n");
  }
  ~PlanLibraryTest() override { std::filesystem::remove_all(directory_); }

  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(std::filesystem::path(directory_) / name) << text;
  }

  const std::string directory_ = ::testing::TempDir() + "plan_library_test";
  const PlanLibrary library_{directory_};
};

TEST_F(PlanLibraryTest, ListsPlansByNameWithWhatTheySayOfThemselves) {
  const auto entries = library_.List();
  ASSERT_THAT(entries, IsOk());
  ASSERT_THAT(*entries, SizeIs(2));
  EXPECT_EQ((*entries)[0].name, "broken");
  EXPECT_EQ((*entries)[0].description, "");
  EXPECT_EQ((*entries)[1].name, "split");
  EXPECT_EQ((*entries)[1].description, "Two halves, apart.");
}

TEST_F(PlanLibraryTest, GivesThePlanAsItIsWritten) {
  const auto text = library_.Text("split");
  ASSERT_THAT(text, IsOk());
  EXPECT_EQ(*text, "# Story.\nname: split\ndescription: Two halves, apart.\n");
}

TEST_F(PlanLibraryTest, SuggestsTheNearestName) {
  EXPECT_THAT(library_.Text("splitt"),
              StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr("'splitt'"), HasSubstr("did you mean 'split'?"))));
  EXPECT_THAT(library_.Text("xyz"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("`faultline plans`")));
}

TEST_F(PlanLibraryTest, NoNameLeadsOutOfTheDirectory) {
  std::filesystem::create_directories(directory_ + "/inner");
  EXPECT_THAT(PlanLibrary(directory_ + "/inner").Text("../split"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("")));
}

TEST_F(PlanLibraryTest, MissingDirectoryIsNamed) {
  EXPECT_THAT(PlanLibrary(directory_ + "/none").List(),
              StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr("/none"), HasSubstr("FAULTLINE_PLANS"))));
}

TEST_F(PlanLibraryTest, TheEnvironmentNamesTheDirectory) {
  setenv("FAULTLINE_PLANS", directory_.c_str(), 1);
  EXPECT_EQ(PlanLibrary::Installed().directory(), directory_);
  unsetenv("FAULTLINE_PLANS");
  const auto entries = PlanLibrary::Installed().List();
  ASSERT_THAT(entries, IsOk()) << "the checkout's own";
  EXPECT_GE(entries->size(), 22u);
  for (const PlanLibrary::Entry& entry : *entries) EXPECT_NE(entry.description, "") << entry.name;
}

TEST_F(PlanLibraryTest, FilesAreNoNames) {
  EXPECT_TRUE(IsLibraryName("split-brain"));
  for (const char* word : {"./split-brain", "split-brain.yaml", "plans/x", "x.yml"}) EXPECT_FALSE(IsLibraryName(word));
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(directory_);
  Write("plain", "name: plain\n");
  EXPECT_FALSE(IsLibraryName("plain"));
  std::filesystem::current_path(before);
}

}  // namespace
}  // namespace faultline
