#include "controller/policy/policy_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "common/file.h"

namespace faultline {
namespace {

using ::testing::HasSubstr;
using Kind = Decision::Kind;

class PolicyBookTest : public ::testing::Test {
 protected:
  ~PolicyBookTest() override { std::filesystem::remove_all(folder_); }
  void Write(const std::string& text) { ASSERT_TRUE(WriteFile(path_, text).ok()); }
  // Of a plan of no faults' start: what is decided of it without looking at nodes.
  static Decision Decide(const PolicyBook& book) {
    PlanFacts facts;
    facts.faults.push_back({.step = "split", .kinds = {FaultKind::kBlock}});
    return book.Decide({.name = "alice", .role = Role::kAdmin}, facts, WallTime());
  }

  const std::string folder_ = [] {
    std::string name = std::filesystem::temp_directory_path() / "faultline-test-XXXXXX";
    return std::string(mkdtemp(name.data()));
  }();
  const std::string path_ = folder_ + "/policy.yaml";
};

TEST_F(PolicyBookTest, WithoutAFileAllowsEverything) {
  PolicyBook book;
  EXPECT_TRUE(book.Read().ok());
  EXPECT_EQ(Decide(book).kind, Kind::kAllowed);
}

TEST_F(PolicyBookTest, ReadsItsFileAgainAndKeepsItWhenThatIsWrong) {
  PolicyBook book(path_);
  EXPECT_EQ(Decide(book).kind, Kind::kRefused);
  EXPECT_EQ(book.Read().code(), absl::StatusCode::kNotFound);
  Write("rules:\n  - allow: {users: alice}\n");
  ASSERT_TRUE(book.Read().ok());
  EXPECT_EQ(Decide(book).kind, Kind::kAllowed);
  Write("rules:\n  - allow: {users: bob}\n");
  EXPECT_EQ(Decide(book).kind, Kind::kAllowed);
  ASSERT_TRUE(book.Read().ok());
  EXPECT_EQ(Decide(book).reason, "refused by policy.yaml:2: for bob, not for 'alice'");
  Write("rules:\n  - allow: {user: alice}\n");
  const absl::Status status = book.Read();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr(path_ + ":2:13: "));
  EXPECT_EQ(Decide(book).kind, Kind::kRefused);
}

}  // namespace
}  // namespace faultline
