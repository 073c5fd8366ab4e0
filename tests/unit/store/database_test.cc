#include "controller/store/database.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/time_util.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>

#include "controller/store/permit_store.h"
#include "controller/store/run_store.h"

namespace faultline {
namespace {

class DatabaseTest : public ::testing::Test {
 protected:
  ~DatabaseTest() override { std::filesystem::remove_all(folder_); }

  void Execute(const std::string& sql) const {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &handle), SQLITE_OK);
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &error), SQLITE_OK) << error;
    sqlite3_close(handle);
  }
  // A file as version 1 made it, with one run that is over and one that is not.
  void MakeVersion1(const std::string& second_run) const {
    v1::Run run;
    run.set_id("split-1");
    run.set_plan_name("split");
    run.set_state(v1::RUN_STATE_ENDED);
    *run.mutable_created() = google::protobuf::util::TimeUtil::SecondsToTimestamp(1'700'000'000);
    Execute(
        "CREATE TABLE runs (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, ended INTEGER NOT NULL, "
        "run BLOB NOT NULL); CREATE TABLE counters (plan_name TEXT PRIMARY KEY, last INTEGER NOT NULL);"
        "INSERT INTO counters VALUES ('split', 2); PRAGMA user_version = 1;"
        "INSERT INTO runs (id, ended, run) VALUES ('split-1', 1, x'" +
        Hex(run.SerializeAsString()) + "'), ('split-2', 0, x'" + Hex(second_run) + "')");
  }
  static std::string Hex(const std::string& bytes) {
    std::string text;
    for (const unsigned char c : bytes) {
      text += "0123456789abcdef"[c >> 4];
      text += "0123456789abcdef"[c & 15];
    }
    return text;
  }

  std::string folder_ = [] {
    std::string name = std::filesystem::temp_directory_path() / "faultline-test-XXXXXX";
    return std::string(mkdtemp(name.data()));
  }();
  std::string path_ = folder_ + "/runs.sqlite";
};

TEST_F(DatabaseTest, Version1IsTakenOver) {
  v1::Run second;
  second.set_id("split-2");
  second.set_plan_name("split");
  *second.mutable_created() = google::protobuf::util::TimeUtil::SecondsToTimestamp(1'700'000'100);
  MakeVersion1(second.SerializeAsString());
  for (int i = 0; i < 2; ++i) {
    const auto database = Database::Open(path_);
    ASSERT_TRUE(database.ok()) << database.status();
    RunStore store(**database);
    EXPECT_EQ(store.List({})->size(), 2u);
    EXPECT_EQ(store.List({.since = WallTime(std::chrono::seconds(1'700'000'100)), .plan_name = "split"})->size(), 1u);
    EXPECT_EQ(store.Unfinished()->front().id(), "split-2");
    EXPECT_EQ(*store.NewId("split"), "split-" + std::to_string(3 + i));
  }
}

TEST_F(DatabaseTest, Version2IsTakenOver) {
  v1::Run run;
  run.set_id("split-1");
  run.set_plan_name("split");
  run.set_state(v1::RUN_STATE_ENDED);
  *run.mutable_created() = google::protobuf::util::TimeUtil::SecondsToTimestamp(1'700'000'000);
  *run.mutable_ended() = google::protobuf::util::TimeUtil::SecondsToTimestamp(1'700'000'500);
  Execute(
      "CREATE TABLE runs (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, ended INTEGER NOT NULL, "
      "run BLOB NOT NULL, plan_name TEXT NOT NULL DEFAULT '', created INTEGER NOT NULL DEFAULT 0, request_id TEXT);"
      "CREATE UNIQUE INDEX runs_by_request ON runs (request_id); CREATE INDEX runs_by_created ON runs (created);"
      "CREATE INDEX runs_by_ended ON runs (ended); CREATE TABLE schedules (name TEXT PRIMARY KEY, schedule BLOB NOT "
      "NULL); CREATE TABLE freezes (name TEXT PRIMARY KEY, freeze BLOB NOT NULL);"
      "CREATE TABLE counters (plan_name TEXT PRIMARY KEY, last INTEGER NOT NULL); PRAGMA user_version = 2;"
      "INSERT INTO runs (id, ended, run, plan_name, created, request_id) VALUES ('split-1', 1, x'" +
      Hex(run.SerializeAsString()) + "', 'split', 1700000000000000000, 'ci-1')");
  for (int i = 0; i < 2; ++i) {
    const auto database = Database::Open(path_);
    ASSERT_TRUE(database.ok()) << database.status();
    RunStore store(**database);
    EXPECT_EQ(store.List({.since = WallTime(std::chrono::seconds(1'700'000'500))})->size(), 1u);
    EXPECT_EQ(store.List({.since = WallTime(std::chrono::seconds(1'700'000'501))})->size(), 0u);
    EXPECT_EQ((*store.FindRequest("ci-1"))->id(), "split-1");
  }
}

TEST_F(DatabaseTest, Version5IsTakenOverWithWhoIsEnrolled) {
  { ASSERT_TRUE(Database::Open(path_).ok()); }
  Execute(
      "ALTER TABLE permits DROP COLUMN enrolled; INSERT INTO users VALUES ('alice', 'operator');"
      "INSERT INTO revocations VALUES ('user', 'bob', 1); INSERT INTO revocations VALUES ('node', 'carol', 1);"
      "INSERT INTO permits VALUES ('1', 'alice', 'operator', 'ipv4:198.18.0.2:1', ''), ('2', 'alice', 'operator', "
      "'unix:', ''), ('3', 'bob', 'operator', 'schedule nightly', ''), ('4', 'carol', 'operator', '', '');"
      "PRAGMA user_version = 5;");
  const auto database = Database::Open(path_);
  ASSERT_TRUE(database.ok()) << database.status();
  PermitStore permits(**database);
  const auto enrolled = [&](const char* subject) { return (*permits.Get(subject))->starter.enrolled; };
  EXPECT_TRUE(enrolled("1"));
  EXPECT_FALSE(enrolled("2"));
  EXPECT_TRUE(enrolled("3"));
  EXPECT_FALSE(enrolled("4"));
}

TEST_F(DatabaseTest, MigrationThatFailsLeavesTheFileAsItWas) {
  MakeVersion1("no run");
  EXPECT_EQ(Database::Open(path_).status().code(), absl::StatusCode::kDataLoss);
  Execute("UPDATE runs SET run = x'' WHERE number = 2");
  const auto database = Database::Open(path_);
  ASSERT_TRUE(database.ok()) << database.status();
}

TEST_F(DatabaseTest, NewerVersionIsRefused) {
  Execute("PRAGMA user_version = 1000");
  const absl::Status status = Database::Open(path_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("made by a newer version of faultline-controller"));
}

TEST_F(DatabaseTest, SecondControllerIsKeptOut) {
  const auto first = Database::Open(path_);
  ASSERT_TRUE(first.ok());
  const auto second = Database::Open(path_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition) << second.status();
}

TEST_F(DatabaseTest, FileThatIsNoDatabaseIsRefused) {
  std::ofstream(path_) << "this is no database, and long enough to be looked at as one";
  EXPECT_THAT(std::string(Database::Open(path_).status().message()), ::testing::HasSubstr("not a database"));
}

}  // namespace
}  // namespace faultline
