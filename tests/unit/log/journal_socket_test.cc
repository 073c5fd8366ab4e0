#include "common/log/journal_socket.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/support/datagrams.h"
#include "tests/support/matchers.h"

namespace faultline {
namespace {

using ::testing::HasSubstr;

class JournalSocketTest : public ::testing::Test {
 protected:
  ~JournalSocketTest() override { std::filesystem::remove_all(folder_); }

  const std::string folder_ = [] {
    std::string name = std::filesystem::temp_directory_path() / "faultline-test-XXXXXX";
    return std::string(mkdtemp(name.data()));
  }();
  const std::string path_ = folder_ + "/journal";
};

TEST_F(JournalSocketTest, KnowsWhetherADescriptorLeadsToAStream) {
  const UniqueFd file(open("/dev/null", O_WRONLY));
  struct stat found {};
  ASSERT_EQ(fstat(file.get(), &found), 0);
  EXPECT_TRUE(LeadsTo(file.get(), absl::StrCat(found.st_dev, ":", found.st_ino)));
  EXPECT_FALSE(LeadsTo(file.get(), absl::StrCat(found.st_dev, ":", found.st_ino + 1)));
  EXPECT_FALSE(LeadsTo(file.get(), absl::StrCat(found.st_dev + 1, ":", found.st_ino)));
  EXPECT_FALSE(LeadsTo(file.get(), ""));
  EXPECT_FALSE(LeadsTo(-1, absl::StrCat(found.st_dev, ":", found.st_ino)));
}

TEST_F(JournalSocketTest, SendsToAJournalAndToItsSuccessor) {
  const absl::StatusOr<JournalSocket> socket = JournalSocket::Open(path_);
  ASSERT_THAT(socket, testing::IsOk());
  for (const std::string text : {"MESSAGE=one\n", "MESSAGE=two\n"}) {
    const testing::Datagrams journal(path_);
    ASSERT_TRUE(journal.bound());
    EXPECT_THAT(socket->Send(text), testing::IsOk());
    EXPECT_EQ(journal.Next(), text);
  }
  EXPECT_THAT(socket->Send("x"), testing::StatusIs(absl::StatusCode::kNotFound, HasSubstr(path_)));
}

TEST_F(JournalSocketTest, APathThatIsTooLongIsNoSocket) {
  EXPECT_THAT(JournalSocket::Open(std::string(200, 'x')),
              testing::StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("too long")));
}

}  // namespace
}  // namespace faultline
