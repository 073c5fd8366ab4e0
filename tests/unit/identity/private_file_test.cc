#include "common/identity/private_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "common/file.h"
#include "tests/support/matchers.h"

namespace faultline {
namespace {

using ::faultline::testing::StatusIs;

class PrivateFileTest : public ::testing::Test {
 protected:
  ~PrivateFileTest() override { std::filesystem::remove_all(folder_); }
  static struct stat Look(const std::string& path) {
    struct stat found {};
    EXPECT_EQ(stat(path.c_str(), &found), 0) << path;
    return found;
  }
  std::size_t Files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }

  const std::string folder_ = [] {
    std::string name = std::filesystem::temp_directory_path() / "faultline-test-XXXXXX";
    return std::string(mkdtemp(name.data()));
  }();
  const std::string path_ = folder_ + "/node.key";
};

TEST_F(PrivateFileTest, OnlyItsOwnerReadsIt) {
  ASSERT_TRUE(WritePrivateFile(path_, "secret").ok());
  EXPECT_EQ(ReadFile(path_).value(), "secret");
  EXPECT_EQ(Look(path_).st_mode & 07777, 0600u);
}

TEST_F(PrivateFileTest, ReplacesWhatAllCouldRead) {
  std::ofstream(path_) << "old";
  chmod(path_.c_str(), 0644);
  ASSERT_TRUE(WritePrivateFile(path_, "new").ok());
  EXPECT_EQ(ReadFile(path_).value(), "new");
  EXPECT_EQ(Look(path_).st_mode & 07777, 0600u);
  EXPECT_EQ(Files(), 1u);
}

TEST_F(PrivateFileTest, ALinkIsReplacedAndNotFollowed) {
  std::ofstream(folder_ + "/other") << "theirs";
  ASSERT_EQ(symlink("other", path_.c_str()), 0);
  ASSERT_TRUE(WritePrivateFile(path_, "ours").ok());
  EXPECT_EQ(ReadFile(folder_ + "/other").value(), "theirs");
  EXPECT_EQ(ReadFile(path_).value(), "ours");
}

TEST_F(PrivateFileTest, WhereItCannotBeNothingIsLeft) {
  EXPECT_THAT(WritePrivateFile(folder_ + "/none/key", "x"), StatusIs(absl::StatusCode::kNotFound, ::testing::_));
  std::filesystem::create_directory(path_);
  EXPECT_FALSE(WritePrivateFile(path_, "x").ok());
  EXPECT_EQ(Files(), 1u);
}

TEST_F(PrivateFileTest, RootGivesItToItsFoldersOwner) {
  if (geteuid() != 0) return;  // Nobody else can give files away.
  ASSERT_EQ(chown(folder_.c_str(), 65534, 65534), 0);
  ASSERT_TRUE(WritePrivateFile(path_, "secret").ok());
  EXPECT_EQ(Look(path_).st_uid, 65534u);
  EXPECT_EQ(Look(path_).st_mode & 07777, 0600u);
}

TEST_F(PrivateFileTest, OnlyItsOwnerEntersTheFolder) {
  const std::string made = folder_ + "/a/b";
  ASSERT_TRUE(MakePrivateFolder(made).ok());
  EXPECT_EQ(Look(made).st_mode & 07777, 0700u);
  EXPECT_TRUE(MakePrivateFolder(made).ok());
  std::ofstream(path_) << "x";
  EXPECT_FALSE(MakePrivateFolder(path_).ok());
}

}  // namespace
}  // namespace faultline
