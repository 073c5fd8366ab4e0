// What has to be seen, and how things are written, so that a token is not spent for nothing.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "common/identity/private_file.h"
#include "controller/cli/login_verbs.h"
#include "tests/support/matchers.h"

namespace faultline {
namespace {

using ::faultline::testing::IsOk;
using ::faultline::testing::StatusIs;
using ::testing::HasSubstr;

class PrivateFilesTest : public ::testing::Test {
 protected:
  ~PrivateFilesTest() override { std::filesystem::remove_all(folder_); }
  std::size_t Files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }

  const std::string folder_ = [] {
    std::string name = std::filesystem::temp_directory_path() / "faultline-test-XXXXXX";
    return std::string(mkdtemp(name.data()));
  }();
  const std::string a_ = folder_ + "/a";
  const std::string b_ = folder_ + "/b";
};

TEST_F(PrivateFilesTest, WhatAnotherOfThisNumberHasLeftIsNotInTheWay) {
  std::ofstream(absl::StrCat(a_, ".", getpid(), ".new")) << "half";
  EXPECT_THAT(WritePrivateFile(a_, "whole"), IsOk());
  EXPECT_EQ(ReadFile(a_).value(), "whole");
  EXPECT_EQ(Files(), 1u);
}

TEST_F(PrivateFilesTest, NoneIsReplacedWhenOneCannotBeMade) {
  std::ofstream(a_) << "old";
  std::filesystem::create_directory(b_);
  EXPECT_THAT(WritePrivateFiles({{a_, "new"}, {b_, "new"}}), ::testing::Not(IsOk()));
  EXPECT_FALSE(WritePrivateFiles({{a_, "new"}, {folder_ + "/none/c", "new"}}).ok());
  EXPECT_EQ(ReadFile(a_).value(), "old");
  EXPECT_EQ(Files(), 2u);
  std::filesystem::remove(b_);
  EXPECT_THAT(WritePrivateFiles({{a_, "new"}, {b_, "too"}}), IsOk());
  EXPECT_EQ(ReadFile(a_).value(), "new");
  EXPECT_EQ(ReadFile(b_).value(), "too");
}

TEST_F(PrivateFilesTest, CheckingLeavesWhatIsThere) {
  std::ofstream(a_) << "old";
  EXPECT_THAT(CheckPrivateFile(a_), IsOk());
  EXPECT_THAT(CheckPrivateFile(b_), IsOk());
  EXPECT_EQ(ReadFile(a_).value(), "old");
  EXPECT_EQ(Files(), 1u);
  EXPECT_FALSE(CheckPrivateFile("/proc/self/a").ok()) << "nobody makes files there";
  EXPECT_FALSE(CheckPrivateFile(folder_).ok());
}

TEST_F(PrivateFilesTest, ALoginThatCouldNotBeKeptIsSeenBefore) {
  EXPECT_THAT(CheckLogin(a_, "../x", "c:1"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("context name")));
  EXPECT_THAT(CheckLogin("", "prod", "c:1"), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("HOME")));
  EXPECT_FALSE(CheckLogin("/proc/self/x", "prod", "c:1").ok());
  EXPECT_THAT(CheckLogin(a_, "prod", "c:1"), IsOk());
  std::filesystem::create_directory(a_ + "/current");
  EXPECT_FALSE(CheckLogin(a_, "prod", "c:1").ok());
}

TEST_F(PrivateFilesTest, ALoginDoesNotTakeTheContextOfAnotherController) {
  const ContextBook book(a_);
  ASSERT_THAT(book.Save("prod", "c:1", {.ca = "CA", .certificate = "CERTIFICATE", .key = "KEY"}), IsOk());
  EXPECT_THAT(CheckLogin(a_, "prod", "d:1"), StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("is of c:1")));
  EXPECT_THAT(CheckLogin(a_, "prod", "c:1"), IsOk());
  EXPECT_THAT(CheckLogin(a_, "dev", "d:1"), IsOk());
  EXPECT_EQ(ReadFile(book.Get("prod")->tls.key).value(), "KEY");
}

}  // namespace
}  // namespace faultline
