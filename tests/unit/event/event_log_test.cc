#include "controller/event/event_log.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/time_util.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "tests/fakes/fake_clock.h"

namespace faultline {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class EventLogTest : public ::testing::Test {
 protected:
  EventLogTest() { Reopen(); }
  ~EventLogTest() override {
    log_.reset();
    database_.reset();
    std::filesystem::remove_all(folder_);
  }

  // A process that finds the folder as the one before left it.
  void Reopen() {
    log_.reset();
    store_.reset();
    database_.reset();
    database_ = *Database::Open(folder_ + "/runs.sqlite");
    store_.emplace(*database_);
    log_ = *EventLog::Open(clock_, *store_);
  }
  void Add(const std::string& text) {
    v1::Event event;
    event.set_text(text);
    log_->Add(std::move(event));
  }
  std::vector<std::string> Texts(const EventQuery& query = {}) {
    std::vector<std::string> texts;
    const absl::StatusOr<std::vector<v1::Event>> events = log_->List(query);
    EXPECT_TRUE(events.ok()) << events.status();
    for (const v1::Event& event : *events) texts.push_back(event.text());
    return texts;
  }

  std::string folder_ = [] {
    std::string name = std::filesystem::temp_directory_path() / "faultline-test-XXXXXX";
    return std::string(mkdtemp(name.data()));
  }();
  FakeClock clock_;
  std::unique_ptr<Database> database_;
  std::optional<EventStore> store_;
  std::unique_ptr<EventLog> log_;
};

TEST_F(EventLogTest, NumbersAndStampsWhatComes) {
  Add("first");
  v1::Event dated;
  *dated.mutable_time() = google::protobuf::util::TimeUtil::SecondsToTimestamp(77);
  log_->Add(dated);
  const std::vector<v1::Event> events = *log_->List({});
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(events[0].number(), 1u);
  EXPECT_EQ(google::protobuf::util::TimeUtil::TimestampToNanoseconds(events[0].time()),
            clock_.WallNow().time_since_epoch().count());
  EXPECT_EQ(events[1].number(), 2u);
  EXPECT_EQ(events[1].time().seconds(), 77);
}

TEST_F(EventLogTest, NumbersGoOnInTheNextLife) {
  Add("first");
  ASSERT_TRUE(log_->Flush().ok());
  Add("lost with the process");
  Reopen();
  Add("second");
  EXPECT_THAT(Texts(), ElementsAre("first", "second"));
  EXPECT_EQ(log_->Await(0, Duration(0)), 2u);
}

TEST_F(EventLogTest, WhatIsNewIsInMemory) {
  for (const char* text : {"a", "b", "c"}) Add(text);
  EXPECT_THAT(Texts({.after = 1}), ElementsAre("b", "c"));
  EXPECT_THAT(Texts({.after = 0, .most = 2}), ElementsAre("a", "b"));
  EXPECT_THAT(Texts({.after = 3}), IsEmpty());
  // Nothing of it was stored for that.
  EXPECT_EQ(*store_->LastNumber(), 0u);
}

TEST_F(EventLogTest, WhatIsInMemoryIsChosenAsInTheStore) {
  for (const std::int64_t second : {10, 20, 30}) {
    v1::Event event;
    *event.mutable_time() = google::protobuf::util::TimeUtil::SecondsToTimestamp(second);
    event.set_run_id(second == 20 ? "a-1" : "");
    event.set_text(std::to_string(second));
    log_->Add(std::move(event));
  }
  const auto expect = [this](EventQuery query, const std::vector<std::string>& texts) {
    query.after = 0;
    EXPECT_EQ(Texts(query), texts);
    ASSERT_TRUE(log_->Flush().ok());
    query.after.reset();
    EXPECT_EQ(Texts(query), texts);
  };
  expect({.since = WallTime(seconds(20)), .until = WallTime(seconds(30))}, {"20", "30"});
  expect({.until = WallTime(seconds(29))}, {"10", "20"});
  expect({.without_run = true}, {"10", "30"});
  expect({.run_id = "a-1"}, {"20"});
}

TEST_F(EventLogTest, WhatIsOlderComesFromTheStore) {
  for (std::size_t i = 0; i <= EventLog::kMostInMemory; ++i) {
    Add(std::to_string(i));
    if (i == 0) {
      ASSERT_TRUE(log_->Flush().ok());
    }
  }
  EXPECT_THAT(Texts({.after = 0, .most = 2}), ElementsAre("0", "1"));
  EXPECT_THAT(Texts({.most = 1}), ElementsAre(std::to_string(EventLog::kMostInMemory)));
}

TEST_F(EventLogTest, EveryFlushStoresWhatIsNew) {
  Add("a");
  ASSERT_TRUE(log_->Flush().ok());
  Add("b");
  ASSERT_TRUE(log_->Flush().ok());
  ASSERT_TRUE(log_->Flush().ok());
  EXPECT_THAT(*store_->List({}), SizeIs(2));
}

TEST_F(EventLogTest, AwaitEndsWithTheNextEvent) {
  std::uint64_t last = 0;
  std::thread waiter([&] { last = log_->Await(0, seconds(60)); });
  Add("a");
  waiter.join();
  EXPECT_EQ(last, 1u);
  std::thread other([&] { log_->Await(1, seconds(60)); });
  log_->Shutdown();
  other.join();
}

}  // namespace
}  // namespace faultline
