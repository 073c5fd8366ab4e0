#include "controller/store/event_store.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/time_util.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>

#include "tests/support/disk_waits.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class EventStoreTest : public ::testing::Test {
 protected:
  EventStoreTest() { Reopen(); }
  ~EventStoreTest() override {
    store_.reset();
    database_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Reopen() {
    store_.reset();
    database_.reset();
    database_ = *Database::Open(folder_ + "/runs.sqlite");
    store_.emplace(*database_);
  }
  // `number` is its second since 1970 too.
  static v1::Event MakeEvent(std::uint64_t number, const std::string& run = "", const std::string& node = "") {
    v1::Event event;
    event.set_number(number);
    *event.mutable_time() = google::protobuf::util::TimeUtil::SecondsToTimestamp(static_cast<std::int64_t>(number));
    event.set_kind(v1::EVENT_KIND_STEP_FIRED);
    event.set_run_id(run);
    event.set_node(node);
    return event;
  }
  void Put(const std::vector<v1::Event>& events) { ASSERT_TRUE(store_->Put(events).ok()); }
  std::vector<std::uint64_t> Numbers(const EventQuery& query = {}) {
    std::vector<std::uint64_t> numbers;
    const std::vector<v1::Event> events = *store_->List(query);
    for (const v1::Event& event : events) numbers.push_back(event.number());
    return numbers;
  }
  static WallTime Second(std::int64_t second) { return WallTime(std::chrono::seconds(second)); }

  std::string folder_ = [] {
    std::string name = std::filesystem::temp_directory_path() / "faultline-test-XXXXXX";
    return std::string(mkdtemp(name.data()));
  }();
  std::unique_ptr<Database> database_;
  std::optional<EventStore> store_;
};

TEST_F(EventStoreTest, KeepsWholeEventsOverALife) {
  v1::Event event = MakeEvent(7, "split-1", "lon-1");
  event.mutable_transition()->set_step(3);
  event.mutable_node_outcome()->add_counters()->set_packets(12);
  Put({event});
  Reopen();
  const std::vector<v1::Event> events = *store_->List({});
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].SerializeAsString(), event.SerializeAsString());
  EXPECT_EQ(*store_->LastNumber(), 7u);
}

TEST_F(EventStoreTest, NobodyWaitsForTheDisk) {
  TakeDiskWaits();
  Put({MakeEvent(1), MakeEvent(2)});
  EXPECT_EQ(TakeDiskWaits(), 0);
}

TEST_F(EventStoreTest, ListsWhatIsAskedForByNumber) {
  Put({MakeEvent(1, "a-1", "lon-1"), MakeEvent(2, "b-1", "lon-1"), MakeEvent(3, "a-1", "par-1"), MakeEvent(4)});
  EXPECT_THAT(Numbers(), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(Numbers({.most = 2}), ElementsAre(3, 4));
  EXPECT_THAT(Numbers({.after = 1, .most = 2}), ElementsAre(2, 3));
  EXPECT_THAT(Numbers({.since = Second(3)}), ElementsAre(3, 4));
  EXPECT_THAT(Numbers({.since = Second(2), .until = Second(3)}), ElementsAre(2, 3));
  EXPECT_THAT(Numbers({.run_id = "a-1"}), ElementsAre(1, 3));
  EXPECT_THAT(Numbers({.without_run = true}), ElementsAre(4));
  EXPECT_THAT(Numbers({.run_id = "a-1", .node = "par-1"}), ElementsAre(3));
  EXPECT_THAT(Numbers({.node = "rom-1"}), IsEmpty());
}

TEST_F(EventStoreTest, ForgetsTheOldButNotTheLastNumber) {
  Put({MakeEvent(1), MakeEvent(2), MakeEvent(3)});
  EXPECT_EQ(*store_->Purge(std::nullopt, Second(1'000'000), 100), 0);
  EXPECT_EQ(*store_->Purge(std::chrono::seconds(8), Second(10), 100), 1);
  EXPECT_THAT(Numbers(), ElementsAre(2, 3));
  EXPECT_EQ(*store_->Purge(std::chrono::seconds(1), Second(1'000'000), 100), 1);
  EXPECT_EQ(*store_->LastNumber(), 3u);
}

TEST_F(EventStoreTest, ForgetsNoMoreAtOnceThanIsAskedFor) {
  Put({MakeEvent(1), MakeEvent(2), MakeEvent(3), MakeEvent(4)});
  EXPECT_EQ(*store_->Purge(std::chrono::seconds(1), Second(1'000'000), 2), 2);
  EXPECT_THAT(Numbers(), ElementsAre(3, 4));
}

TEST_F(EventStoreTest, ForgetsTheOldestBeyondItsBound) {
  Put({MakeEvent(1), MakeEvent(2), MakeEvent(EventStore::kMostKept + 1), MakeEvent(EventStore::kMostKept + 2)});
  EXPECT_EQ(*store_->Purge(std::nullopt, Second(0), 100), 2);
  EXPECT_THAT(Numbers(), ElementsAre(EventStore::kMostKept + 1, EventStore::kMostKept + 2));
}

TEST_F(EventStoreTest, StoresAllOrNothing) {
  char* error = nullptr;
  ASSERT_EQ(sqlite3_exec(database_->handle(),
                         "CREATE TRIGGER full BEFORE INSERT ON events WHEN new.number = 2 BEGIN SELECT "
                         "RAISE(ABORT, 'disk full'); END",
                         nullptr, nullptr, &error),
            SQLITE_OK)
      << error;
  EXPECT_FALSE(store_->Put(std::vector{MakeEvent(1), MakeEvent(2)}).ok());
  EXPECT_THAT(Numbers(), IsEmpty());
  EXPECT_TRUE(store_->Put(std::vector{MakeEvent(3)}).ok());
  EXPECT_THAT(Numbers(), ElementsAre(3));
}

}  // namespace
}  // namespace faultline
