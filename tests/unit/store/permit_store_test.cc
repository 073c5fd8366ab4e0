#include "controller/store/permit_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace faultline {
namespace {

class PermitStoreTest : public ::testing::Test {
 protected:
  PermitStoreTest() { Open(); }
  ~PermitStoreTest() override {
    store_.reset();
    database_.reset();
    std::filesystem::remove_all(folder_);
  }
  // As a process does that finds this folder.
  void Open() {
    store_.reset();
    database_.reset();
    database_ = *Database::Open(folder_ + "/runs.sqlite");
    store_.emplace(*database_);
  }

  const std::string folder_ = [] {
    std::string name = std::filesystem::temp_directory_path() / "faultline-test-XXXXXX";
    return std::string(mkdtemp(name.data()));
  }();
  std::unique_ptr<Database> database_;
  std::optional<PermitStore> store_;
};

TEST_F(PermitStoreTest, KeepsThemApartAndOverARestart) {
  const Permit run = {
      .starter = {.name = "alice", .role = Role::kOperator, .enrolled = true, .from = "ipv4:198.18.0.2:41522"},
      .approved_by = "bob"};
  const Permit schedule = {.starter = {.name = "root", .role = Role::kAdmin, .from = ""}, .approved_by = ""};
  ASSERT_TRUE(store_->Put(PermitStore::OfRun("split"), schedule).ok());
  ASSERT_TRUE(store_->Put(PermitStore::OfRun("split"), run).ok());
  ASSERT_TRUE(store_->Put(PermitStore::OfSchedule("split"), schedule).ok());
  Open();
  EXPECT_EQ(*store_->Get(PermitStore::OfRun("split")), run);
  EXPECT_EQ(*store_->Get(PermitStore::OfSchedule("split")), schedule);
  EXPECT_EQ(*store_->Get(PermitStore::OfRun("other")), std::nullopt);
  ASSERT_TRUE(store_->Remove(PermitStore::OfRun("split")).ok());
  EXPECT_EQ(*store_->Get(PermitStore::OfRun("split")), std::nullopt);
  EXPECT_TRUE(store_->Remove(PermitStore::OfRun("split")).ok());
  EXPECT_EQ(*store_->Get(PermitStore::OfSchedule("split")), schedule);
}

}  // namespace
}  // namespace faultline
