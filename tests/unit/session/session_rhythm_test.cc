#include "agent/session/session_rhythm.h"

#include <gtest/gtest.h>

#include "common/session_pace.h"
#include "common/timeline.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Word = SessionRhythm::Word;

constexpr MonotonicTime kStart{seconds(1000)};
constexpr Duration kHeartbeat = milliseconds(1875);
constexpr Duration kPatience = 4 * kHeartbeat;

// Plays the writing side, and a controller that answers every ping at once.
class SessionRhythmTest : public ::testing::Test {
 protected:
  SessionRhythmTest() { rhythm_.Begin(kHeartbeat, kStart); }

  // What was written within `length` from now on; time has then passed.
  struct Written {
    int pings = 0;
    int reports = 0;
    int wakings = 0;
  };
  Written Pass(Duration length) {
    Written written;
    const MonotonicTime end = now_ + length;
    while (true) {
      ++written.wakings;
      if (rhythm_.TakePing(now_)) {
        ++written.pings;
        if (answers_) Hear(Word::kTime);
      }
      if (rhythm_.TakeReport(now_)) ++written.reports;
      if (rhythm_.IsSilent(now_) || rhythm_.Next() > end) break;
      now_ = std::max(now_ + milliseconds(1), rhythm_.Next());
    }
    if (!rhythm_.IsSilent(now_)) now_ = end;
    return written;
  }

  bool Hear(Word word) {
    const bool wakes = rhythm_.Hear(word, now_);
    rhythm_.Handled();
    return wakes;
  }

  SessionRhythm rhythm_{kStart};
  MonotonicTime now_ = kStart;
  bool answers_ = true;
};

TEST_F(SessionRhythmTest, BeginsBrisklyWithQuickPings) {
  EXPECT_TRUE(rhythm_.IsBrisk(kStart));
  EXPECT_EQ(Pass(milliseconds(150)).pings, 8);
}

TEST_F(SessionRhythmTest, HardlySpeaksWhenNothingIsWantedOfIt) {
  Pass(minutes(1));
  EXPECT_FALSE(rhythm_.IsBrisk(now_));
  const Written written = Pass(minutes(5));
  EXPECT_EQ(written.pings, minutes(5) / kIdlePingInterval);
  EXPECT_EQ(written.reports, written.pings);
  EXPECT_LE(written.wakings, written.pings + 2);
}

TEST_F(SessionRhythmTest, PingsComeWithReportsWhileHeartbeatsCome) {
  Pass(minutes(1));
  for (int i = 0; i < 5; ++i) {
    Hear(Word::kBeat);
    Pass(kHeartbeat);
  }
  EXPECT_FALSE(rhythm_.IsBrisk(now_));
  Hear(Word::kBeat);
  const Written written = Pass(seconds(5));
  EXPECT_NEAR(written.pings, 5, 1);
  EXPECT_EQ(written.reports, written.pings);
  EXPECT_LE(written.wakings, written.pings + 1);
}

TEST_F(SessionRhythmTest, ReportsBrisklyWhileARunGoesOn) {
  Pass(minutes(1));
  EXPECT_TRUE(Hear(Word::kOrder));
  Pass(seconds(1));
  EXPECT_FALSE(Hear(Word::kOrder));
  const Written written = Pass(seconds(5));
  EXPECT_NEAR(written.reports, 20, 1);
  EXPECT_NEAR(written.pings, 5, 1);
  EXPECT_TRUE(rhythm_.IsBrisk(now_));
  Pass(kPatience);
  EXPECT_FALSE(rhythm_.IsBrisk(now_));
}

TEST_F(SessionRhythmTest, AsksQuicklyAgainWhenItIsWantedAfterAWhile) {
  Pass(minutes(1));
  ASSERT_TRUE(Hear(Word::kBeat));
  EXPECT_EQ(Pass(milliseconds(150)).pings, 8);
}

TEST_F(SessionRhythmTest, AsksBeforeWhateverIsWrittenAfterQuicken) {
  Pass(minutes(1));
  rhythm_.Quicken();
  EXPECT_TRUE(rhythm_.TakePing(now_));
}

// As an agent among 5 000: everybody else is wanted at the same time.
TEST_F(SessionRhythmTest, MakesThePausesThatItIsTold) {
  rhythm_.Pause(seconds(2));
  EXPECT_EQ(Pass(milliseconds(500)).pings, 1);
  Pass(minutes(1));
  for (const Word word : {Word::kBeat, Word::kOrder}) {
    ASSERT_TRUE(Hear(word));
    const Written first = Pass(milliseconds(1999));
    EXPECT_EQ(first.pings, 1);
    EXPECT_EQ(first.reports, 0);
    if (word == Word::kBeat) Pass(minutes(1));
  }
  Written later{};
  for (int i = 0; i < 10; ++i) {
    const Written written = Pass(seconds(2));
    later.pings += written.pings;
    later.reports += written.reports;
    Hear(Word::kOrder);
  }
  EXPECT_NEAR(later.pings, 10, 1);
  EXPECT_NEAR(later.reports, 10, 1);
}

TEST_F(SessionRhythmTest, NoControllerCanMakeItSilent) {
  rhythm_.Pause(minutes(5));
  int pings = 0;
  for (int i = 0; i < 60; ++i) {
    Hear(Word::kBeat);
    pings += Pass(seconds(1)).pings;
  }
  EXPECT_NEAR(pings, seconds(60) / kMostPause, 2);
}

TEST_F(SessionRhythmTest, AControllerThatAnswersNoPingIsGone) {
  Pass(seconds(20));
  answers_ = false;
  Pass(minutes(5));
  EXPECT_TRUE(rhythm_.IsSilent(now_));
  EXPECT_LE(now_ - kStart, seconds(20) + kIdlePingInterval + kPatience + milliseconds(2));
}

TEST_F(SessionRhythmTest, OneThatSaysAnythingIsNot) {
  answers_ = false;
  for (int i = 0; i < 100; ++i) {
    Pass(kPatience - seconds(1));
    ASSERT_FALSE(rhythm_.IsSilent(now_)) << i;
    Hear(i % 2 == 0 ? Word::kBeat : Word::kOrder);
  }
}

TEST_F(SessionRhythmTest, WhatTakesLongHereIsNotTheControllersSilence) {
  Pass(minutes(1));
  answers_ = false;
  rhythm_.Hear(Word::kOrder, now_);
  Pass(2 * kPatience);
  EXPECT_FALSE(rhythm_.IsSilent(now_));
  rhythm_.Handled();
  EXPECT_FALSE(rhythm_.IsSilent(now_));
  Pass(minutes(1));
  EXPECT_TRUE(rhythm_.IsSilent(now_));
}

TEST_F(SessionRhythmTest, WhoNeverSpokeIsGoneSoon) {
  SessionRhythm rhythm(kStart);
  ASSERT_TRUE(rhythm.TakePing(kStart));
  EXPECT_FALSE(rhythm.IsSilent(kStart + seconds(2)));
  EXPECT_TRUE(rhythm.IsSilent(kStart + seconds(2) + milliseconds(1)));
}

// A controller must not take an agent for lost that asks as seldom as it may.
TEST(SessionPaceTest, TheLongestSilenceIsOfSeveralPings) {
  EXPECT_GE(kLongestSilence, 3 * kPingInterval);
  EXPECT_GE(kLongestIdleSilence, 3 * kIdlePingInterval);
  for (const std::size_t nodes : {0u, 1u, 100u, 5'000u, 10'000u, 50'000u}) {
    EXPECT_GE(LongestSilence(PauseOf(nodes)), 3 * std::max(kPingInterval, PauseOf(nodes))) << nodes;
    EXPECT_LT(LongestSilence(PauseOf(nodes)), kDefaultLease) << nodes;
  }
}

TEST(SessionPaceTest, SmallFleetsMakeNoPauses) {
  EXPECT_EQ(PauseOf(624), Duration(0));
  EXPECT_EQ(PauseOf(625), milliseconds(250));
  EXPECT_EQ(PauseOf(5'000), seconds(2));
  EXPECT_EQ(PauseOf(1'000'000), kMostPause);
}

}  // namespace
}  // namespace faultline
