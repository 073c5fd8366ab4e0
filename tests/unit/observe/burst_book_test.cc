#include "agent/observe/burst_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "tests/unit/observe/burst_samples.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const RunId kRun("split-1");
const ControllerTime kBookStart(seconds(100));

// Follows the book from moment to moment: how many were to be probed at each.
std::map<ControllerTime, std::size_t> Follow(BurstBook& book, ControllerTime from, ControllerTime to) {
  std::map<ControllerTime, std::size_t> due;
  for (ControllerTime now = from; now < to; now += book.UntilNext(now, seconds(1))) {
    const std::size_t probed = book.TakeDue(now).size();
    if (probed > 0) due[now] += probed;
  }
  return due;
}

std::vector<std::size_t> SetBits(const std::string& marks) {
  std::vector<std::size_t> bits;
  for (std::size_t i = 0; i < marks.size() * 8; ++i) {
    if ((static_cast<unsigned char>(marks[i / 8]) >> (i % 8) & 1U) != 0) bits.push_back(i);
  }
  return bits;
}

TEST(BurstBookTest, ProbesAllPeersOnceAnIntervalForAsLongAsTheBurstLasts) {
  BurstBook book;
  book.Put(kRun, {SampleBurst(0, kBookStart)}, 0);
  const auto due = Follow(book, kBookStart - seconds(3), kBookStart + seconds(5));
  ASSERT_THAT(due, SizeIs(260));
  EXPECT_EQ(due.begin()->first, kBookStart);
  ControllerTime expected = kBookStart;
  for (const auto& [moment, probed] : due) {
    EXPECT_EQ(moment, expected);
    EXPECT_EQ(probed, 2u);
    expected += milliseconds(5);
  }
}

TEST(BurstBookTest, NodesKeepToPhasesOfTheirOwn) {
  BurstBook book;
  book.Put(kRun, {SampleBurst(0, kBookStart)}, 0.5);
  const auto due = Follow(book, kBookStart - seconds(3), kBookStart + seconds(5));
  EXPECT_EQ(due.begin()->first, kBookStart + Duration(milliseconds(5)) / 2);
  EXPECT_LT(due.rbegin()->first, SampleBurst(0, kBookStart).end());
}

TEST(BurstBookTest, AMomentIsTakenOnceAndNotMadeUpFor) {
  BurstBook book;
  book.Put(kRun, {SampleBurst(0, kBookStart)}, 0);
  EXPECT_THAT(book.TakeDue(kBookStart), SizeIs(2));
  EXPECT_THAT(book.TakeDue(kBookStart + milliseconds(4)), IsEmpty());
  EXPECT_THAT(book.TakeDue(kBookStart + milliseconds(52)), SizeIs(2));
  EXPECT_THAT(book.TakeDue(kBookStart + milliseconds(52)), IsEmpty());
  EXPECT_EQ(book.UntilNext(kBookStart + milliseconds(52), seconds(1)), milliseconds(3));
}

TEST(BurstBookTest, NotesMillisecondsOfSending) {
  BurstBook book;
  book.Put(kRun, {SampleBurst(3, kBookStart)}, 0);
  book.NoteSent(NodeName("par-1"), Family::kIpv4, kBookStart);
  book.NoteSent(NodeName("par-1"), Family::kIpv4, kBookStart + milliseconds(17) + Duration(999'999));
  book.NoteReceived(NodeName("lon-2"), Family::kIpv6, kBookStart + milliseconds(1299));
  // Neither of the burst's time nor of its ends.
  book.NoteSent(NodeName("par-1"), Family::kIpv4, kBookStart - Duration(1));
  book.NoteSent(NodeName("par-1"), Family::kIpv4, kBookStart + milliseconds(1300));
  book.NoteSent(NodeName("lon-2"), Family::kIpv6, kBookStart);
  book.NoteReceived(NodeName("lon-2"), Family::kIpv4, kBookStart);

  const std::vector<BurstMarks> marks = book.Drain(kBookStart);
  ASSERT_THAT(marks, SizeIs(2));
  EXPECT_EQ(marks[0].run, kRun);
  EXPECT_EQ(marks[0].burst, 3u);
  EXPECT_EQ(marks[0].end, (BurstEnd{NodeName("par-1"), Family::kIpv4}));
  EXPECT_THAT(SetBits(marks[0].sent), ElementsAre(0, 17));
  EXPECT_EQ(marks[0].received, "");
  EXPECT_EQ(marks[1].end, (BurstEnd{NodeName("lon-2"), Family::kIpv6}));
  EXPECT_THAT(SetBits(marks[1].received), ElementsAre(1299));
  EXPECT_THAT(book.Drain(kBookStart), IsEmpty());
}

TEST(BurstBookTest, WhatArrivesLateIsNotedUntilTheBurstIsForgotten) {
  BurstBook book;
  book.Put(kRun, {SampleBurst(0, kBookStart)}, 0);
  const ControllerTime last = SampleBurst(0, kBookStart).end() + BurstBook::kKeep;
  EXPECT_THAT(book.Drain(last), IsEmpty());
  book.NoteReceived(NodeName("lon-2"), Family::kIpv6, kBookStart);
  EXPECT_THAT(book.Drain(last + Duration(1)), SizeIs(1));
  book.NoteReceived(NodeName("lon-2"), Family::kIpv6, kBookStart);
  EXPECT_THAT(book.Drain(last), IsEmpty());
}

TEST(BurstBookTest, ARunsBurstsAreReplaced) {
  BurstBook book;
  book.Put(kRun, {SampleBurst(0, kBookStart)}, 0);
  book.Put(kRun, {}, 0);
  EXPECT_THAT(Follow(book, kBookStart, kBookStart + seconds(2)), IsEmpty());
}

TEST(BurstBookTest, WhatWouldExceedTheBoundIsLeftOut) {
  // 600, 1000 and 800 probes a second at one time.
  ProbeBurst first = SampleBurst(0, kBookStart);
  first.interval = Duration(seconds(2)) / 600;
  ProbeBurst second = SampleBurst(0, kBookStart + milliseconds(1299));
  second.interval = milliseconds(2);
  ProbeBurst third = SampleBurst(0, kBookStart + milliseconds(700));
  third.interval = Duration(seconds(2)) / 800;
  BurstBook book;
  book.Put(RunId("a-1"), {first}, 0);
  book.Put(RunId("b-1"), {second}, 0);
  book.Put(RunId("c-1"), {third}, 0);
  book.NoteSent(NodeName("par-1"), Family::kIpv4, kBookStart + milliseconds(1299));
  const std::vector<BurstMarks> marks = book.Drain(kBookStart);
  ASSERT_THAT(marks, SizeIs(2));
  EXPECT_EQ(marks[0].run, RunId("a-1"));
  EXPECT_EQ(marks[1].run, RunId("b-1"));
  // All of what there is goes out, also where two bursts are due at once.
  std::size_t sent = 0;
  for (const auto& [moment, probed] : Follow(book, kBookStart, kBookStart + seconds(3))) sent += probed;
  EXPECT_NEAR(static_cast<double>(sent), 600 * 1.3 + 1000 * 1.3, 4);
}

TEST(BurstBookTest, TheOldestOfTooManyRunsGivesWay) {
  BurstBook book;
  for (std::size_t i = 0; i <= BurstBook::kMostRuns; ++i) {
    book.Put(RunId(absl::StrCat("r-", i)), {SampleBurst(0, kBookStart + seconds(10) * i)}, 0);
  }
  const auto due = Follow(book, kBookStart, kBookStart + seconds(10) * (BurstBook::kMostRuns + 1));
  EXPECT_EQ(due.begin()->first, kBookStart + seconds(10));
}

TEST(ProbeBurstTest, RefusesWhatANodeMustNotDo) {
  using Bursts = std::vector<ProbeBurst>;
  EXPECT_EQ(CheckProbeBursts({SampleBurst(0, kBookStart), SampleBurst(1, kBookStart + seconds(2))}), absl::OkStatus());
  const auto error = [](const std::function<void(Bursts&)>& change) {
    Bursts bursts = {SampleBurst(0, kBookStart), SampleBurst(1, kBookStart + seconds(2))};
    change(bursts);
    return std::string(CheckProbeBursts(bursts).message());
  };
  using ::testing::HasSubstr;
  EXPECT_THAT(error([](Bursts& b) { b[0].length = seconds(2) + milliseconds(1); }), HasSubstr("burst 0: its length"));
  EXPECT_THAT(error([](Bursts& b) { b[0].length = Duration(1'500'000); }), HasSubstr("whole milliseconds"));
  EXPECT_THAT(error([](Bursts& b) { b[0].length = Duration(0); }), HasSubstr("its length"));
  EXPECT_THAT(error([](Bursts& b) { b[1].interval = Duration(999'999); }),
              HasSubstr("burst 1: 2 probes every 999us999ns are more than 2000 a second"));
  EXPECT_THAT(error([](Bursts& b) { b[1].interval = seconds(2); }), HasSubstr("longer than itself"));
  EXPECT_THAT(error([](Bursts& b) { b[1].number = 0; }), HasSubstr("given twice"));
  EXPECT_THAT(error([](Bursts& b) { b[1].start = kBookStart + milliseconds(1299); }),
              HasSubstr("at the time of another"));
  EXPECT_THAT(error([](Bursts& b) { b[1].to.push_back(b[1].to[0]); }), HasSubstr("peer par-1 is given twice"));
  EXPECT_THAT(error([](Bursts& b) { b[1].from[0].peer = NodeName("a b"); }), HasSubstr("name of a peer"));
  EXPECT_THAT(error([](Bursts& b) { b[1].start = ControllerTime::max(); }), HasSubstr("starts never"));
  EXPECT_THAT(error([](Bursts& b) { b.resize(kMostBursts + 1); }), HasSubstr("more than 64"));
  EXPECT_THAT(error([](Bursts& b) { b[0].from.resize(kMostBurstEnds + 1); }), HasSubstr("more than 64"));
}

}  // namespace
}  // namespace faultline
