#include "controller/audit/audit_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "common/digest.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/audit/fake_audit_file.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class AuditLogTest : public ::testing::Test {
 protected:
  AuditLogTest() { Open(); }

  // As a controller's process does that finds this disk.
  absl::Status TryOpen() {
    log_.reset();
    absl::StatusOr<std::unique_ptr<AuditLog>> opened =
        AuditLog::Open(clock_, std::make_unique<FakeAuditFile>(disk_), largest_);
    if (opened.ok()) log_ = *std::move(opened);
    return opened.status();
  }
  void Open() { ASSERT_TRUE(TryOpen().ok()) << TryOpen(); }
  absl::Status Record(const std::string& action) { return log_->Record({.who = {.name = "alice"}, .action = action}); }
  void RecordAll(const std::vector<std::string>& actions) {
    for (const std::string& action : actions) ASSERT_TRUE(Record(action).ok());
  }
  std::vector<std::string> Actions(const AuditQuery& query = {}) {
    std::vector<std::string> actions;
    const std::vector<AuditLine> lines = log_->List(query).value();
    for (const AuditLine& line : lines) actions.push_back(line.entry.action);
    return actions;
  }
  // Follows every file from the first entry on; its error if it is broken.
  absl::Status Follow() {
    AuditChain chain{AuditHead()};
    std::vector<std::string> files = disk_.rotated;
    files.push_back(disk_.text);
    for (const std::string& file : files) {
      std::vector<std::string> lines = absl::StrSplit(file, '\n');
      if (lines.back().empty()) lines.pop_back();
      for (const std::string& line : lines) {
        const absl::Status taken = chain.Take(line);
        if (!taken.ok()) return taken;
      }
    }
    if (chain.torn()) return absl::DataLossError("torn: " + *chain.torn());
    EXPECT_EQ(chain.head(), log_->head());
    return absl::OkStatus();
  }

  FakeClock clock_;
  FakeDisk disk_;
  std::uint64_t largest_ = AuditLog::kLargestFile;
  std::unique_ptr<AuditLog> log_;
};

TEST_F(AuditLogTest, GoesOnWhereAnEarlierProcessEnded) {
  EXPECT_EQ(log_->head(), AuditHead());
  RecordAll({"a", "b"});
  Open();
  EXPECT_EQ(log_->head().seq, 2u);
  RecordAll({"c"});
  EXPECT_THAT(Actions(), ElementsAre("a", "b", "c"));
  EXPECT_TRUE(Follow().ok()) << Follow();
}

TEST_F(AuditLogTest, WhatACrashTearsAnywhereStaysAndIsToldOf) {
  RecordAll({"a", "b"});
  const std::string whole = disk_.text;
  const std::size_t first = whole.find('\n') + 1;
  for (std::size_t length = first + 1; length < whole.size(); ++length) {
    disk_.text = whole.substr(0, length);
    Open();
    RecordAll({"c"});
    RecordAll({"d"});
    EXPECT_EQ(disk_.text.substr(0, length), whole.substr(0, length));
    EXPECT_TRUE(Follow().ok()) << length << " " << Follow();
    const bool only_the_end_is_missing = length == whole.size() - 1;
    EXPECT_EQ(log_->head().seq, only_the_end_is_missing ? 4u : 3u) << length;
    Open();
    EXPECT_TRUE(Follow().ok()) << length << " " << Follow();
  }
}

TEST_F(AuditLogTest, WhatWasTornCannotBeChangedAfterwards) {
  RecordAll({"a"});
  const std::string first = disk_.text;
  disk_.text += "{\"seq\":2,\"ti";
  Open();
  RecordAll({"b"});
  const std::string whole = disk_.text;
  disk_.text.replace(first.size() + 8, 1, "7");
  EXPECT_THAT(std::string(Follow().message()), HasSubstr("no entry, and not what a crash left of one"));
  disk_.text = whole;
  disk_.text.erase(first.size(), 13);
  EXPECT_THAT(std::string(Follow().message()), HasSubstr("what a crash left before entry 2 was removed"));
}

TEST_F(AuditLogTest, AFullDiskRefusesAndOneWithRoomAgainGoesOn) {
  RecordAll({"a"});
  const std::size_t before = disk_.text.size();
  for (std::size_t room = 0; room < before; ++room) {
    disk_.room = room;
    EXPECT_EQ(Record("lost").code(), absl::StatusCode::kResourceExhausted) << room;
    // Even fewer.
    EXPECT_FALSE(Record("lost").ok());
    disk_.room.reset();
    ASSERT_TRUE(Record("kept").ok()) << room;
    EXPECT_TRUE(Follow().ok()) << room << " " << Follow();
  }
  Open();
  EXPECT_TRUE(Follow().ok()) << Follow();
}

TEST_F(AuditLogTest, WhatIsTornMayEndWithALineOfItsOwn) {
  RecordAll({"a"});
  disk_.room = 5;
  EXPECT_FALSE(Record("lost").ok());
  // Just the end of that line.
  disk_.room = 1;
  EXPECT_FALSE(Record("lost").ok());
  EXPECT_EQ(disk_.text.back(), '\n');
  disk_.room.reset();
  RecordAll({"b"});
  disk_.room = 5;
  EXPECT_FALSE(Record("lost").ok());
  disk_.room.reset();
  RecordAll({"c"});
  EXPECT_TRUE(Follow().ok()) << Follow();
  EXPECT_THAT(Actions(), ElementsAre("a", "b", "c"));
}

TEST_F(AuditLogTest, LargeFilesArePutAwayAndTheChainGoesOn) {
  largest_ = 500;
  Open();
  RecordAll({"a", "b", "c", "d", "e"});
  ASSERT_THAT(disk_.rotated, SizeIs(2));
  EXPECT_TRUE(Follow().ok()) << Follow();
  Open();
  EXPECT_EQ(log_->head().seq, 5u);
  // Put away, and then the process died.
  disk_.rotated.push_back(std::exchange(disk_.text, ""));
  Open();
  EXPECT_EQ(log_->head().seq, 5u);
  RecordAll({"f"});
  EXPECT_TRUE(Follow().ok()) << Follow();
}

TEST_F(AuditLogTest, ALongLogIsTakenUpByItsEnd) {
  const std::string long_text(4000, 'x');
  for (int i = 0; i < 400; ++i) ASSERT_TRUE(Record(long_text).ok());
  ASSERT_GT(disk_.text.size(), std::size_t{1} << 20);
  Open();
  EXPECT_EQ(log_->head().seq, 400u);
  RecordAll({"a"});
  Open();
  RecordAll({"b"});
  EXPECT_EQ(log_->head().seq, 402u);
  EXPECT_TRUE(Follow().ok()) << Follow();
}

// What is looked at when a log is opened.
constexpr std::size_t kLookedAt = std::size_t{1} << 20;

// Makes the file longer, until its last so many bytes begin at this place.
class LongAuditLogTest : public AuditLogTest {
 protected:
  void BeginTheEndAt(std::size_t place) {
    // As long as an action may be, and what else is in a line.
    constexpr std::size_t kLongest = 4000;
    const auto missing = [&] { return place + kLookedAt - disk_.text.size(); };
    while (missing() > kLongest) RecordAll({std::string(std::min(missing() / 2, kLongest), 'x')});
    const std::string before = disk_.text;
    RecordAll({"x"});
    const std::size_t shortest = disk_.text.size() - before.size();
    disk_.text = before;
    Open();
    RecordAll({std::string(missing() - shortest + 1, 'x')});
    ASSERT_EQ(disk_.text.size(), place + kLookedAt);
  }
};

TEST_F(LongAuditLogTest, WhatIsTornWhereLookingBeginsDoesNotStopIt) {
  RecordAll({"a"});
  const std::size_t before = disk_.text.size();
  const std::string torn = "{\"seq\":2,\"ti\nme\":";
  for (const std::size_t place : {before - 3, before - 1, before, before + 5, before + torn.find('\n') + 1,
                                  before + torn.size() - 1, before + torn.size() + 1}) {
    disk_.text.resize(before);
    disk_.text += torn;
    Open();
    RecordAll({"b"});
    BeginTheEndAt(place);
    ASSERT_TRUE(TryOpen().ok()) << place << " " << TryOpen();
    RecordAll({"c"});
    EXPECT_TRUE(Follow().ok()) << place << " " << Follow();
    // The same of a file that was put away.
    disk_.rotated.push_back(std::exchange(disk_.text, ""));
    ASSERT_TRUE(TryOpen().ok()) << place << " " << TryOpen();
    RecordAll({"d"});
    EXPECT_TRUE(Follow().ok()) << place << " " << Follow();
    disk_.text = disk_.rotated.back();
    disk_.rotated.clear();
  }
}

TEST_F(AuditLogTest, AddsNothingToALogThatWasChanged) {
  RecordAll({"a", "b"});
  disk_.text.replace(disk_.text.rfind("\"b\""), 3, "\"x\"");
  const absl::Status status = TryOpen();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("the audit log was changed: its hash is not that of its text"));
}

TEST_F(AuditLogTest, ListsTheLatest) {
  RecordAll({"a", "b"});
  clock_.Advance(std::chrono::hours(1));
  const WallTime later = clock_.WallNow();
  RecordAll({"c", "d"});
  EXPECT_THAT(Actions({.most = 3}), ElementsAre("b", "c", "d"));
  EXPECT_THAT(Actions({.since = later}), ElementsAre("c", "d"));
  EXPECT_THAT(Actions({.since = later + std::chrono::hours(1)}), SizeIs(0));
}

TEST_F(AuditLogTest, ListsFilesThatWerePutAwayToo) {
  largest_ = 500;
  Open();
  RecordAll({"a", "b", "c"});
  clock_.Advance(std::chrono::hours(1));
  const WallTime later = clock_.WallNow();
  RecordAll({"d", "e", "f", "g"});
  ASSERT_THAT(disk_.rotated, SizeIs(3));
  EXPECT_THAT(Actions(), ElementsAre("a", "b", "c", "d", "e", "f", "g"));
  EXPECT_THAT(Actions({.most = 4}), ElementsAre("d", "e", "f", "g"));
  EXPECT_THAT(Actions({.since = later}), ElementsAre("d", "e", "f", "g"));
  // The oldest was moved away.
  disk_.rotated.erase(disk_.rotated.begin());
  EXPECT_THAT(Actions(), ElementsAre("c", "d", "e", "f", "g"));
}

}  // namespace
}  // namespace faultline
