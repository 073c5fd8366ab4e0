#include "agent/local_heal.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace faultline {
namespace {

class LocalHealTest : public ::testing::Test {
 protected:
  ~LocalHealTest() override { std::filesystem::remove_all(folder_); }

  std::string folder_ = [] {
    std::string name = std::filesystem::temp_directory_path() / "faultline-test-XXXXXX";
    return std::string(mkdtemp(name.data()));
  }();
};

TEST_F(LocalHealTest, AsksTheRunningAgent) {
  int asked = 0;
  const auto server = LocalHealServer::Start(folder_, [&] { return ++asked, std::size_t{3}; });
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(*AskToHeal(folder_), 3u);
  EXPECT_EQ(*AskToHeal(folder_), 3u);
  EXPECT_EQ(asked, 2);
}

TEST_F(LocalHealTest, NobodyListens) { EXPECT_EQ(AskToHeal(folder_).status().code(), absl::StatusCode::kNotFound); }

TEST_F(LocalHealTest, SecondAgentIsKeptOutWhileTheFirstLives) {
  {
    const auto first = LockRuntimeFolder(folder_);
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(LockRuntimeFolder(folder_).status().code(), absl::StatusCode::kFailedPrecondition);
  }
  EXPECT_TRUE(LockRuntimeFolder(folder_).ok());
}

TEST_F(LocalHealTest, LeavesNoSocketBehind) {
  {
    ASSERT_TRUE(LocalHealServer::Start(folder_, [] { return std::size_t{0}; }).ok());
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/agent.sock"));
}

}  // namespace
}  // namespace faultline
