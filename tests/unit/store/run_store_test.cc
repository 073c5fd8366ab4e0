#include "controller/store/run_store.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/time_util.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/disk_waits.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;

constexpr std::int64_t kDay = 24 * 3600;

class RunStoreTest : public ::testing::Test {
 protected:
  RunStoreTest() { Reopen(); }
  ~RunStoreTest() override {
    store_.reset();
    database_.reset();
    std::filesystem::remove_all(folder_);
  }

  // What a restarted controller does.
  void Reopen() {
    store_.reset();
    database_.reset();
    auto opened = Database::Open(folder_ + "/runs.sqlite");
    ASSERT_TRUE(opened.ok()) << opened.status();
    database_ = *std::move(opened);
    store_.emplace(*database_);
  }

  static v1::Run MakeRun(const std::string& id, v1::RunState state, std::int64_t day = 0) {
    v1::Run run;
    run.set_id(id);
    run.set_plan_name(id.substr(0, id.find('-')));
    run.set_state(state);
    *run.mutable_created() = google::protobuf::util::TimeUtil::SecondsToTimestamp(day * kDay);
    return run;
  }
  void PutEnded(const std::string& id, std::int64_t day) {
    ASSERT_TRUE(store_->Put(MakeRun(id, v1::RUN_STATE_ENDED, day)).ok());
  }
  std::vector<std::string> Ids(const RunQuery& query = {}) {
    std::vector<std::string> ids;
    const std::vector<v1::Run> runs = *store_->List(query);
    for (const v1::Run& run : runs) ids.push_back(run.id());
    return ids;
  }
  static WallTime Day(std::int64_t day) { return WallTime(std::chrono::seconds(day * kDay)); }

  std::string folder_ = [] {
    std::string name = std::filesystem::temp_directory_path() / "faultline-test-XXXXXX";
    return std::string(mkdtemp(name.data()));
  }();
  std::unique_ptr<Database> database_;
  std::optional<RunStore> store_;
};

TEST_F(RunStoreTest, WaitsForTheDiskOnlyWhereTheMachineMayDie) {
  const v1::Run run = MakeRun("split-1", v1::RUN_STATE_RUNNING);
  TakeDiskWaits();
  EXPECT_TRUE(store_->Put(run, Survives::kMachine).ok());
  EXPECT_GT(TakeDiskWaits(), 0);
  EXPECT_TRUE(store_->Put(run, Survives::kProcess).ok());
  EXPECT_EQ(TakeDiskWaits(), 0);
  EXPECT_TRUE(store_->Put(run).ok());
  EXPECT_GT(TakeDiskWaits(), 0) << "only the one write was told so";
}

TEST_F(RunStoreTest, RunsSurviveAReopen) {
  ASSERT_TRUE(store_->Put(MakeRun("split-1", v1::RUN_STATE_RUNNING)).ok());
  ASSERT_TRUE(store_->Put(MakeRun("split-2", v1::RUN_STATE_ENDED)).ok());
  Reopen();
  EXPECT_EQ(store_->Get("split-1")->state(), v1::RUN_STATE_RUNNING);
  EXPECT_THAT(Ids(), ElementsAre("split-2", "split-1"));
  ASSERT_EQ(store_->Unfinished()->size(), 1u);
  EXPECT_EQ(store_->Unfinished()->front().id(), "split-1");
}

TEST_F(RunStoreTest, LaterStateReplacesTheEarlier) {
  ASSERT_TRUE(store_->Put(MakeRun("split-1", v1::RUN_STATE_RUNNING)).ok());
  ASSERT_TRUE(store_->Put(MakeRun("split-1", v1::RUN_STATE_ENDED)).ok());
  EXPECT_THAT(Ids(), ElementsAre("split-1"));
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

TEST_F(RunStoreTest, ListIsByMomentPlanAndCount) {
  PutEnded("split-1", 1);
  PutEnded("flap-1", 2);
  PutEnded("split-2", 3);
  EXPECT_THAT(Ids({.since = Day(2)}), ElementsAre("split-2", "flap-1"));
  EXPECT_THAT(Ids({.plan_name = "split"}), ElementsAre("split-2", "split-1"));
  EXPECT_THAT(Ids({.since = Day(2), .plan_name = "split"}), ElementsAre("split-2"));
  EXPECT_THAT(Ids({.most = 1}), ElementsAre("split-2"));
}

TEST_F(RunStoreTest, ListIsByWhatLastBecameOfARun) {
  v1::Run begun = MakeRun("split-1", v1::RUN_STATE_RUNNING, 1);
  *begun.mutable_started() = google::protobuf::util::TimeUtil::SecondsToTimestamp(9 * kDay);
  ASSERT_TRUE(store_->Put(begun).ok());
  v1::Run ended = MakeRun("split-2", v1::RUN_STATE_RUNNING, 2);
  ASSERT_TRUE(store_->Put(ended).ok());
  EXPECT_THAT(Ids({.since = Day(8)}), ElementsAre("split-1"));
  ended.set_state(v1::RUN_STATE_ENDED);
  *ended.mutable_ended() = google::protobuf::util::TimeUtil::SecondsToTimestamp(8 * kDay);
  ASSERT_TRUE(store_->Put(ended).ok());
  EXPECT_THAT(Ids({.since = Day(8)}), ElementsAre("split-2", "split-1"));
  EXPECT_THAT(Ids({.since = Day(9)}), ElementsAre("split-1"));
}

TEST_F(RunStoreTest, LongListIsWholeAndInOrder) {
  std::vector<std::string> ids;
  for (int i = 100; i > 0; --i) ids.push_back((i % 3 == 0 ? "flap-" : "split-") + std::to_string(i));
  for (auto id = ids.rbegin(); id != ids.rend(); ++id) PutEnded(*id, 1);
  EXPECT_EQ(Ids(), ids);
  EXPECT_EQ(Ids({.most = 33}), std::vector<std::string>(ids.begin(), ids.begin() + 33));
  std::erase_if(ids, [](const std::string& id) { return id.front() != 'f'; });
  EXPECT_EQ(Ids({.plan_name = "flap"}), ids);
}

TEST_F(RunStoreTest, ListLeavesOutWhatIsLarge) {
  v1::Run run = MakeRun("split-1", v1::RUN_STATE_ENDED);
  run.set_plan_text("name: split");
  run.set_summary("all went well");
  run.add_stages();
  run.add_nodes();
  run.add_captures();
  run.add_series();
  ASSERT_TRUE(store_->Put(run).ok());
  const v1::Run listed = store_->List({})->front();
  EXPECT_EQ(listed.summary(), "all went well");
  EXPECT_EQ(listed.plan_text(), "");
  EXPECT_EQ(listed.stages_size() + listed.nodes_size() + listed.captures_size() + listed.series_size(), 0);
  EXPECT_EQ(store_->Get("split-1")->plan_text(), "name: split");
}

TEST_F(RunStoreTest, RequestIsFoundAgainAndNeverUsedTwice) {
  v1::Run run = MakeRun("split-1", v1::RUN_STATE_ARMING);
  run.set_request_id("abc");
  ASSERT_TRUE(store_->Put(run).ok());
  run.set_state(v1::RUN_STATE_ENDED);
  ASSERT_TRUE(store_->Put(run).ok());
  v1::Run second = MakeRun("split-2", v1::RUN_STATE_ARMING);
  second.set_request_id("abc");
  EXPECT_EQ(store_->Put(second).code(), absl::StatusCode::kAlreadyExists);
  Reopen();
  EXPECT_EQ((*store_->FindRequest("abc"))->id(), "split-1");
  EXPECT_FALSE(store_->FindRequest("abd")->has_value());
  PutEnded("split-3", 0);
  PutEnded("split-4", 0);
}

TEST_F(RunStoreTest, PurgeForgetsWhatIsOldAndOver) {
  PutEnded("split-1", 1);
  ASSERT_TRUE(store_->Put(MakeRun("split-2", v1::RUN_STATE_WAITING, 1)).ok());
  PutEnded("split-3", 5);
  EXPECT_EQ(*store_->Purge({}, Day(100), 100), 0);
  EXPECT_EQ(*store_->Purge({.keep_for = std::chrono::hours(24 * 90)}, Day(94), 100), 1);
  EXPECT_THAT(Ids(), ElementsAre("split-3", "split-2"));
}

TEST_F(RunStoreTest, PurgeCountsFromTheEnd) {
  v1::Run long_ago = MakeRun("split-1", v1::RUN_STATE_ENDED, 1);
  *long_ago.mutable_ended() = google::protobuf::util::TimeUtil::SecondsToTimestamp(50 * kDay);
  ASSERT_TRUE(store_->Put(long_ago).ok());
  EXPECT_EQ(*store_->Purge({.keep_for = std::chrono::hours(24 * 10)}, Day(59), 100), 0);
  EXPECT_EQ(*store_->Purge({.keep_count = 0}, Day(50) + std::chrono::hours(23), 100), 0);
  EXPECT_EQ(*store_->Purge({.keep_for = std::chrono::hours(24 * 10)}, Day(61), 100), 1);
}

TEST_F(RunStoreTest, PurgeForgetsNoMoreAtOnceThanIsAskedFor) {
  for (int i = 1; i <= 5; ++i) PutEnded("split-" + std::to_string(i), 1);
  EXPECT_EQ(*store_->Purge({.keep_count = 1}, Day(3), 3), 3);
  EXPECT_THAT(Ids(), ElementsAre("split-5", "split-4"));
  EXPECT_EQ(*store_->Purge({.keep_count = 1}, Day(3), 3), 1);
}

TEST_F(RunStoreTest, PurgeKeepsTheNewestSoMany) {
  for (int i = 1; i <= 5; ++i) PutEnded("split-" + std::to_string(i), 1);
  ASSERT_TRUE(store_->Put(MakeRun("split-6", v1::RUN_STATE_RUNNING, 1)).ok());
  EXPECT_EQ(*store_->Purge({.keep_count = 2}, Day(3), 100), 3);
  EXPECT_THAT(Ids(), ElementsAre("split-6", "split-5", "split-4"));
  EXPECT_EQ(*store_->Purge({.keep_count = 0}, Day(3), 100), 2);
  EXPECT_THAT(Ids(), ElementsAre("split-6"));
}

}  // namespace
}  // namespace faultline
