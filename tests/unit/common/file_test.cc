#include "common/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/support/matchers.h"

namespace faultline {
namespace {

using ::testing::HasSubstr;

class WriteFileTest : public ::testing::Test {
 protected:
  ~WriteFileTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  static std::string Text(const std::string& path) { return ReadFile(path).value_or("(none)"); }
  std::size_t Files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }

  std::string folder_ = [] {
    std::string name = std::filesystem::temp_directory_path() / "faultline-test-XXXXXX";
    return std::string(mkdtemp(name.data()));
  }();
};

TEST_F(WriteFileTest, MakesAndReplacesAFile) {
  EXPECT_THAT(WriteFile(Path("a"), "one"), testing::IsOk());
  EXPECT_EQ(Text(Path("a")), "one");
  ASSERT_EQ(chmod(Path("a").c_str(), 0640), 0);
  EXPECT_THAT(WriteFile(Path("a"), "two"), testing::IsOk());
  EXPECT_EQ(Text(Path("a")), "two");
  struct stat found {};
  ASSERT_EQ(stat(Path("a").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0640u);
  EXPECT_EQ(Files(), 1u);
}

TEST_F(WriteFileTest, WhoHasTheOldFileOpenKeepsItWhole) {
  ASSERT_THAT(WriteFile(Path("a"), "one"), testing::IsOk());
  ASSERT_EQ(link(Path("a").c_str(), Path("old").c_str()), 0);
  EXPECT_THAT(WriteFile(Path("a"), "two"), testing::IsOk());
  EXPECT_EQ(Text(Path("old")), "one");
}

TEST_F(WriteFileTest, ALinkIsFollowed) {
  ASSERT_THAT(WriteFile(Path("a"), "one"), testing::IsOk());
  ASSERT_EQ(symlink("a", Path("link").c_str()), 0);
  EXPECT_THAT(WriteFile(Path("link"), "two"), testing::IsOk());
  EXPECT_EQ(Text(Path("a")), "two");
  EXPECT_TRUE(std::filesystem::is_symlink(Path("link")));
}

TEST_F(WriteFileTest, APipeStaysOne) {
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  const UniqueFd reader(open(Path("pipe").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  ASSERT_TRUE(reader);
  EXPECT_THAT(WriteFile(Path("pipe"), "gone"), testing::IsOk());
  char text[5] = {};
  EXPECT_EQ(read(reader.get(), text, 4), 4);
  EXPECT_STREQ(text, "gone");
  EXPECT_TRUE(std::filesystem::is_fifo(Path("pipe")));
}

TEST_F(WriteFileTest, WhatCannotBeWrittenLeavesNothing) {
  EXPECT_THAT(WriteFile(Path("none/a"), "one"), testing::StatusIs(absl::StatusCode::kNotFound, HasSubstr("none/a")));
  ASSERT_EQ(mkdir(Path("folder").c_str(), 0755), 0);
  EXPECT_FALSE(WriteFile(Path("folder"), "one").ok());
  EXPECT_EQ(Files(), 1u);
}

}  // namespace
}  // namespace faultline
