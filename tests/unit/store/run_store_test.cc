#include "controller/store/run_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace faultline {
namespace {

class RunStoreTest : public ::testing::Test {
 protected:
  RunStoreTest() { Reopen(); }
  ~RunStoreTest() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  // What a restarted controller does.
  void Reopen() {
    store_.reset();
    auto opened = RunStore::Open(path());
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }
  std::string path() const { return folder_ + "/runs.sqlite"; }

  static v1::Run MakeRun(const std::string& id, v1::RunState state) {
    v1::Run run;
    run.set_id(id);
    run.set_state(state);
    return run;
  }

  std::string folder_ = [] {
    std::string name = std::filesystem::temp_directory_path() / "faultline-test-XXXXXX";
    return std::string(mkdtemp(name.data()));
  }();
  std::unique_ptr<RunStore> store_;
};

TEST_F(RunStoreTest, RunsSurviveAReopen) {
  ASSERT_TRUE(store_->Put(MakeRun("split-1", v1::RUN_STATE_RUNNING)).ok());
  ASSERT_TRUE(store_->Put(MakeRun("split-2", v1::RUN_STATE_ENDED)).ok());
  Reopen();
  EXPECT_EQ(store_->Get("split-1")->state(), v1::RUN_STATE_RUNNING);
  EXPECT_EQ(store_->List(10)->front().id(), "split-2");
  ASSERT_EQ(store_->Unfinished()->size(), 1u);
  EXPECT_EQ(store_->Unfinished()->front().id(), "split-1");
}

TEST_F(RunStoreTest, LaterStateReplacesTheEarlier) {
  ASSERT_TRUE(store_->Put(MakeRun("split-1", v1::RUN_STATE_RUNNING)).ok());
  ASSERT_TRUE(store_->Put(MakeRun("split-1", v1::RUN_STATE_ENDED)).ok());
  EXPECT_EQ(store_->List(10)->size(), 1u);
  EXPECT_TRUE(store_->Unfinished()->empty());
}

TEST_F(RunStoreTest, IdsAreNeverGivenTwice) {
  EXPECT_EQ(*store_->NewId("split"), "split-1");
  EXPECT_EQ(*store_->NewId("other"), "other-1");
  Reopen();
  EXPECT_EQ(*store_->NewId("split"), "split-2");
}

TEST_F(RunStoreTest, UnknownRunIsNotFound) {
  EXPECT_EQ(store_->Get("nope").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(RunStoreTest, SecondControllerIsKeptOut) {
  ASSERT_TRUE(store_->Put(MakeRun("split-1", v1::RUN_STATE_ENDED)).ok());
  const auto second = RunStore::Open(path());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition) << second.status();
}

TEST_F(RunStoreTest, FileThatIsNoDatabaseIsRefused) {
  store_.reset();
  std::filesystem::remove(path() + "-wal");
  std::ofstream(path()) << "this is no database, and long enough to be looked at as one";
  EXPECT_THAT(std::string(RunStore::Open(path()).status().message()), ::testing::HasSubstr("not a database"));
}

}  // namespace
}  // namespace faultline
