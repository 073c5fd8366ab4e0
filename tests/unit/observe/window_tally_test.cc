#include "agent/observe/window_tally.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace faultline {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Duration kTallyWindow = milliseconds(100);
const std::vector<NodeName> kPeers = {NodeName("par-1"), NodeName("par-2")};

ControllerTime WindowAt(Duration time) { return ControllerTime(time); }

class WindowTallyTest : public ::testing::Test {
 protected:
  WindowTallyTest() { tally_.Reset(kPeers, kTallyWindow); }

  bool Receive(std::uint64_t sequence, Duration sent_at, Duration delay = milliseconds(1)) {
    return tally_.CountReceived(0, Family::kIpv4, sequence, WindowAt(sent_at), WindowAt(sent_at + delay));
  }
  void SendOneAWindow(std::size_t windows) {
    for (std::size_t i = 0; i < windows; ++i) {
      tally_.CountSent(0, Family::kIpv4, WindowAt(static_cast<Duration::rep>(i) * kTallyWindow));
    }
  }

  WindowTally tally_;
};

TEST_F(WindowTallyTest, CountsByWindowOfSendTime) {
  tally_.CountSent(0, Family::kIpv4, WindowAt(milliseconds(100)));
  tally_.CountSent(0, Family::kIpv4, WindowAt(milliseconds(200) - Duration(1)));
  tally_.CountSent(0, Family::kIpv4, WindowAt(milliseconds(200)));
  EXPECT_TRUE(Receive(1, milliseconds(150), milliseconds(90)));
  EXPECT_THAT(tally_.Drain(),
              ElementsAre(WindowCount{.peer = kPeers[0],
                                      .start = WindowAt(milliseconds(100)),
                                      .sent = 2,
                                      .received = 1,
                                      .min_delay = milliseconds(90),
                                      .sum_delay = milliseconds(90)},
                          WindowCount{.peer = kPeers[0], .start = WindowAt(milliseconds(200)), .sent = 1}));
}

TEST_F(WindowTallyTest, KnowsTheLeastAndTheSumOfDelays) {
  EXPECT_TRUE(Receive(1, milliseconds(110), milliseconds(90)));
  EXPECT_TRUE(Receive(2, milliseconds(120), milliseconds(70)));
  EXPECT_TRUE(Receive(3, milliseconds(130), milliseconds(80)));
  EXPECT_FALSE(Receive(3, milliseconds(130), milliseconds(85)));
  const std::vector<WindowCount> counts = tally_.Drain();
  ASSERT_EQ(counts.size(), 1u);
  EXPECT_EQ(counts[0].min_delay, milliseconds(70));
  EXPECT_EQ(counts[0].sum_delay, milliseconds(240));
}

TEST_F(WindowTallyTest, CountsByPeerAndFamily) {
  tally_.CountSent(1, Family::kIpv6, WindowAt(milliseconds(0)));
  tally_.CountSent(1, Family::kIpv4, WindowAt(milliseconds(0)));
  tally_.CountSent(0, Family::kIpv6, WindowAt(milliseconds(0)));
  EXPECT_THAT(tally_.Drain(), ElementsAre(WindowCount{.peer = kPeers[0], .family = Family::kIpv6, .sent = 1},
                                          WindowCount{.peer = kPeers[1], .family = Family::kIpv4, .sent = 1},
                                          WindowCount{.peer = kPeers[1], .family = Family::kIpv6, .sent = 1}));
}

TEST_F(WindowTallyTest, WindowsBeforeTheClocksOriginAreAlignedToo) {
  tally_.CountSent(0, Family::kIpv4, WindowAt(milliseconds(-1)));
  tally_.CountSent(0, Family::kIpv4, WindowAt(milliseconds(-100)));
  EXPECT_THAT(tally_.Drain(),
              ElementsAre(WindowCount{.peer = kPeers[0], .start = WindowAt(milliseconds(-100)), .sent = 2}));
}

TEST_F(WindowTallyTest, KeepsTheLeastDelay) {
  Receive(1, milliseconds(10), microseconds(700));
  Receive(2, milliseconds(20), microseconds(-300));
  Receive(3, milliseconds(30), microseconds(500));
  const std::vector<WindowCount> counts = tally_.Drain();
  ASSERT_EQ(counts.size(), 1u);
  EXPECT_EQ(counts[0].min_delay, microseconds(-300));
}

TEST_F(WindowTallyTest, ADuplicateCountsOnce) {
  EXPECT_TRUE(Receive(7, milliseconds(10)));
  EXPECT_FALSE(Receive(7, milliseconds(10)));
  EXPECT_TRUE(tally_.CountReceived(1, Family::kIpv4, 7, WindowAt(milliseconds(10)), WindowAt(milliseconds(11))));
  EXPECT_TRUE(tally_.CountReceived(0, Family::kIpv6, 7, WindowAt(milliseconds(10)), WindowAt(milliseconds(11))));
  for (const WindowCount& count : tally_.Drain()) EXPECT_EQ(count.received, 1u);
}

TEST_F(WindowTallyTest, ADuplicateAfterADrainDoesNotCount) {
  Receive(7, milliseconds(10));
  tally_.Drain();
  EXPECT_FALSE(Receive(7, milliseconds(10)));
  EXPECT_THAT(tally_.Drain(), IsEmpty());
}

TEST_F(WindowTallyTest, APartialWindowComesAgainWithTheRest) {
  tally_.CountSent(0, Family::kIpv4, WindowAt(milliseconds(110)));
  const std::vector<WindowCount> first = tally_.Drain();
  tally_.CountSent(0, Family::kIpv4, WindowAt(milliseconds(120)));
  tally_.CountSent(0, Family::kIpv4, WindowAt(milliseconds(130)));
  const std::vector<WindowCount> second = tally_.Drain();
  ASSERT_EQ(first.size(), 1u);
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(first[0].start, second[0].start);
  EXPECT_EQ(first[0].sent + second[0].sent, 3u);
  EXPECT_THAT(tally_.Drain(), IsEmpty());
}

TEST_F(WindowTallyTest, DropsTheOldestWindowsAndTellsHowMany) {
  SendOneAWindow(WindowTally::kMostWindows + 3);
  EXPECT_EQ(tally_.dropped(), 3u);
  const std::vector<WindowCount> counts = tally_.Drain();
  ASSERT_EQ(counts.size(), WindowTally::kMostWindows);
  EXPECT_EQ(counts.front().start, WindowAt(3 * kTallyWindow));
  EXPECT_EQ(counts.back().start, WindowAt((WindowTally::kMostWindows + 2) * kTallyWindow));
}

TEST_F(WindowTallyTest, ADrainedTallyHasRoomAgain) {
  for (int i = 0; i < 3; ++i) {
    SendOneAWindow(WindowTally::kMostWindows);
    EXPECT_EQ(tally_.Drain().size(), WindowTally::kMostWindows);
  }
  EXPECT_EQ(tally_.dropped(), 0u);
}

TEST_F(WindowTallyTest, CountsOutliveAReset) {
  tally_.CountSent(1, Family::kIpv4, WindowAt(milliseconds(100)));
  const std::vector<NodeName> others = {NodeName("par-2")};
  tally_.Reset(others, kTallyWindow);
  tally_.CountSent(0, Family::kIpv4, WindowAt(milliseconds(300)));
  EXPECT_THAT(tally_.Drain(),
              ElementsAre(WindowCount{.peer = NodeName("par-2"), .start = WindowAt(milliseconds(100)), .sent = 1},
                          WindowCount{.peer = NodeName("par-2"), .start = WindowAt(milliseconds(300)), .sent = 1}));
}

TEST_F(WindowTallyTest, KeepsNoMoreOverResetsThanItsBound) {
  const std::size_t resets = WindowTally::kMostKept / WindowTally::kMostWindows + 2;
  for (std::size_t i = 0; i < resets; ++i) {
    SendOneAWindow(WindowTally::kMostWindows);
    tally_.Reset(kPeers, kTallyWindow);
  }
  EXPECT_EQ(tally_.dropped(), 2 * WindowTally::kMostWindows);
  EXPECT_EQ(tally_.Drain().size(), WindowTally::kMostKept);
}

}  // namespace
}  // namespace faultline
