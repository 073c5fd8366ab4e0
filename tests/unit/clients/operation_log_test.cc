#include "controller/clients/operation_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

const WallTime kOrigin = WallTime(seconds(1'763'846'400));

ClientOperation Operation(Duration at, bool acknowledged = true, const std::string& side = "london") {
  return {.time = kOrigin + at, .side = side, .acknowledged = acknowledged, .took = std::nullopt};
}

std::size_t CellsOf(const OperationLog& log) {
  std::size_t count = 0;
  for (const auto& [name, cells] : log.sides()) count += cells.size();
  return count;
}

std::uint64_t AcknowledgedOf(const OperationLog& log) {
  std::uint64_t count = 0;
  for (const auto& [name, cells] : log.sides()) {
    for (const auto& [number, cell] : cells) count += cell.acknowledged;
  }
  return count;
}

TEST(OperationLogTest, FoldsInAnyOrder) {
  OperationLog log(kOrigin);
  ClientOperation timed = Operation(milliseconds(1007));
  timed.took = milliseconds(4);
  timed.count = 3;
  for (const ClientOperation& operation : {timed, Operation(milliseconds(1002)), Operation(milliseconds(1009)),
                                           Operation(milliseconds(1001), false), Operation(-milliseconds(1))}) {
    ASSERT_TRUE(log.Add(operation).ok());
  }
  const OperationLog::Cells& cells = log.sides().at("london");
  ASSERT_EQ(cells.size(), 2u);
  EXPECT_EQ(cells.begin()->first, -1);
  const OperationCell& cell = cells.at(100);
  EXPECT_EQ(cell.acknowledged, 5u);
  EXPECT_EQ(cell.failed, 1u);
  EXPECT_EQ(cell.first, kOrigin + milliseconds(1002));
  EXPECT_EQ(cell.last, kOrigin + milliseconds(1009));
  EXPECT_EQ(cell.timed, 3u);
  EXPECT_DOUBLE_EQ(cell.sum_time.count(), 0.012);
  EXPECT_EQ(cell.most_time, milliseconds(4));
}

TEST(OperationLogTest, StaysSmallAndLosesNothing) {
  OperationLog log(kOrigin);
  std::vector<Duration> widths = {log.width()};
  constexpr int kSteps = 2'100'000;
  for (int i = 0; i < kSteps; i += 7) {
    ASSERT_TRUE(log.Add(Operation(milliseconds(10 * i) - seconds(5))).ok());
    if (log.width() != widths.back()) widths.push_back(log.width());
  }
  EXPECT_THAT(widths, ::testing::ElementsAre(milliseconds(10), milliseconds(100), milliseconds(200), seconds(1)));
  EXPECT_LE(CellsOf(log), OperationLog::kMostCells);
  EXPECT_EQ(AcknowledgedOf(log), static_cast<std::uint64_t>(kSteps / 7));
  EXPECT_EQ(log.sides().at("london").begin()->first, -5);
}

TEST(OperationLogTest, RefusesWhatIsTooFarOrTooMuch) {
  OperationLog log(kOrigin);
  EXPECT_EQ(log.Add(Operation(hours(24 * 7) + seconds(1))).code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(log.Add(Operation(-hours(24 * 7) - seconds(1))).code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(log.Add(ClientHappening{.time = WallTime(), .side = "", .text = "x"}).code(),
            absl::StatusCode::kOutOfRange);
  for (int i = 0; i < 40; ++i) {
    const absl::Status added = log.Add(Operation(seconds(1), true, absl::StrCat("side ", i)));
    EXPECT_EQ(added.ok(), i < 32) << i;
    if (i == 32) {
      EXPECT_EQ(added.message(), "there are more than 32 sides");
    }
  }
  for (int i = 0; i < 600; ++i) {
    EXPECT_EQ(log.Add(ClientHappening{.time = kOrigin, .side = "", .text = "x"}).ok(), i < 500) << i;
    EXPECT_EQ(log.Add(ClientAccounting{}).ok(), i < 100) << i;
  }
  EXPECT_EQ(log.sides().size(), 32u);
}

TEST(OperationLogTest, MergesLogsOfOtherOriginsAndWidths) {
  OperationLog wide(kOrigin - seconds(100));
  for (int i = 0; i < 120'000; ++i) {
    ASSERT_TRUE(wide.Add(Operation(milliseconds(10) * i - seconds(100), true, "paris")).ok());
  }
  EXPECT_EQ(wide.width(), milliseconds(20));
  OperationLog log(kOrigin);
  ASSERT_TRUE(log.Add(Operation(milliseconds(10))).ok());
  ASSERT_TRUE(wide.Add(ClientAccounting{.side = "paris"}).ok());
  EXPECT_EQ(log.Merge(wide), 0u);
  EXPECT_EQ(log.width(), milliseconds(20));
  EXPECT_EQ(AcknowledgedOf(log), 120'001u);
  EXPECT_EQ(log.sides().at("london").begin()->first, 0);
  EXPECT_EQ(log.sides().at("paris").begin()->first, -5000);
  EXPECT_EQ(log.accountings().size(), 1u);
}

TEST(OperationLogTest, CountsWhatAMergeHasNoRoomFor) {
  OperationLog log(kOrigin);
  OperationLog other(kOrigin);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(log.Add(Operation(seconds(1), true, absl::StrCat("here ", i))).ok());
    ASSERT_TRUE(other.Add(Operation(seconds(1), i % 2 == 0, absl::StrCat("there ", i))).ok());
  }
  for (OperationLog* one : {&log, &other}) {
    for (int i = 0; i < 300; ++i) {
      ASSERT_TRUE(one->Add(ClientHappening{.time = kOrigin, .side = "", .text = "x"}).ok());
    }
    for (int i = 0; i < 60; ++i) ASSERT_TRUE(one->Add(ClientAccounting{}).ok());
  }
  // 8 sides of an operation each, 100 happenings and 20 accountings.
  EXPECT_EQ(log.Merge(other), 128u);
}

}  // namespace
}  // namespace faultline
