#include "agent/observe/tcp_dialer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/observe/fake_tcp_sockets.h"
#include "tests/unit/observe/tcp_samples.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr MonotonicTime kStart{seconds(1000)};
constexpr Duration kOffset = seconds(7);

class TcpDialerTest : public ::testing::Test {
 protected:
  static TcpMesh OneTarget() {
    TcpMesh mesh = SampleTcpMesh();
    mesh.targets.resize(1);
    return mesh;
  }

  // As its thread does, every millisecond of [from, to).
  void Pass(TcpDialer& dialer, int from, int to) {
    for (int ms = from; ms < to; ++ms) Step(dialer, ms);
  }
  Duration Step(TcpDialer& dialer, int ms) {
    const MonotonicTime now = kStart + milliseconds(ms);
    return dialer.Step(now, ControllerTime(now.time_since_epoch() + kOffset), tally_);
  }
  // Every attempt so far ends so.
  void Answer(TcpOutcome outcome) {
    for (const int fd : sockets_.open) sockets_.outcomes[fd] = outcome;
  }
  TcpCount Sum() {
    TcpCount sum;
    for (const TcpCount& count : tally_.Drain()) {
      sum.connected += count.connected;
      sum.refused += count.refused;
      sum.timed_out += count.timed_out;
      sum.unreachable += count.unreachable;
      sum.failed += count.failed;
      sum.sum_time += count.sum_time;
    }
    return sum;
  }
  static bool IsOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }

  FakeTcpSockets sockets_;
  TcpTally tally_;
};

TEST_F(TcpDialerTest, TheFirstAttemptsComeFastThenOneAnInterval) {
  TcpDialer dialer(OneTarget(), sockets_, kStart);
  sockets_.at_once = TcpOutcome::kRefused;
  const auto attempts_by = [&](int from, int to) {
    Pass(dialer, from, to);
    return sockets_.begun.size();
  };
  // At 0, 125 and 250 ms, then at 750, 1250, …
  EXPECT_EQ(attempts_by(0, 125), 1u);
  EXPECT_EQ(attempts_by(125, 250), 2u);
  EXPECT_EQ(attempts_by(250, 750), 3u);
  EXPECT_EQ(attempts_by(750, 1250), 4u);
  EXPECT_EQ(attempts_by(1250, 10'250), 22u);
  EXPECT_EQ(sockets_.begun.front(), "172.32.0.1 172.33.11.90 3001");
}

TEST_F(TcpDialerTest, TargetsAreSpreadAndDialledFromTheAddressOfTheirIpVersion) {
  TcpDialer dialer(SampleTcpMesh(), sockets_, kStart);
  EXPECT_EQ(Step(dialer, 0), Duration(milliseconds(62) + std::chrono::microseconds(500)));
  EXPECT_THAT(sockets_.begun, SizeIs(1));
  Step(dialer, 63);
  EXPECT_THAT(sockets_.begun, ElementsAre("172.32.0.1 172.33.11.90 3001", "fd20::1 fd21::1 3002"));
}

TEST_F(TcpDialerTest, AnAttemptWaitsForItsTimeoutAndNoOtherBeginsMeanwhile) {
  TcpDialer dialer(OneTarget(), sockets_, kStart);
  Pass(dialer, 0, 900);
  EXPECT_THAT(sockets_.begun, SizeIs(1));
  EXPECT_TRUE(IsOpen(sockets_.open[0]));
  EXPECT_THAT(tally_.Drain(), IsEmpty());
  Step(dialer, 900);
  // Then the next, at once: it was due long ago, and those that were missed are not made up for.
  ASSERT_THAT(sockets_.begun, SizeIs(2));
  const TcpCount sum = Sum();
  EXPECT_EQ(sum.timed_out, 1u);
  EXPECT_EQ(sum.sum_time, Duration(0));
  Answer(TcpOutcome::kConnected);
  Pass(dialer, 901, 902);
  EXPECT_THAT(sockets_.begun, SizeIs(2));
  EXPECT_FALSE(IsOpen(sockets_.open[1]));
}

TEST_F(TcpDialerTest, CountsInTheWindowInWhichAnAttemptBegan) {
  TcpDialer dialer(OneTarget(), sockets_, kStart);
  Step(dialer, 0);
  Answer(TcpOutcome::kConnected);
  Step(dialer, 30);
  const std::vector<TcpCount> counts = tally_.Drain();
  ASSERT_THAT(counts, SizeIs(1));
  EXPECT_EQ(counts[0].start, ControllerTime(kStart.time_since_epoch() + kOffset));
  EXPECT_EQ(counts[0].connected, 1u);
  EXPECT_EQ(counts[0].min_time, milliseconds(30));
}

TEST_F(TcpDialerTest, AnAnswerThatIsThereCountsHoweverLateItIsSeen) {
  TcpDialer dialer(OneTarget(), sockets_, kStart);
  Step(dialer, 0);
  Answer(TcpOutcome::kConnected);
  Step(dialer, 2000);
  EXPECT_EQ(Sum().connected, 1u);
}

TEST_F(TcpDialerTest, EveryEndIsCountedAsWhatItIs) {
  for (const auto& [outcome, count] :
       {std::pair(TcpOutcome::kConnected, &TcpCount::connected), std::pair(TcpOutcome::kRefused, &TcpCount::refused),
        std::pair(TcpOutcome::kUnreachable, &TcpCount::unreachable),
        std::pair(TcpOutcome::kFailed, &TcpCount::failed)}) {
    sockets_ = {};
    TcpDialer dialer(OneTarget(), sockets_, kStart);
    Step(dialer, 0);
    Answer(outcome);
    Step(dialer, 1);
    EXPECT_EQ(Sum().*count, 1u);
  }
}

TEST_F(TcpDialerTest, NothingIsDialledWhileTheClockIsNotMapped) {
  TcpDialer dialer(OneTarget(), sockets_, kStart);
  EXPECT_EQ(dialer.Step(kStart, std::nullopt, tally_), Duration(milliseconds(100)));
  EXPECT_THAT(sockets_.begun, IsEmpty());
  Step(dialer, 100);
  EXPECT_THAT(sockets_.begun, SizeIs(1));
}

TEST_F(TcpDialerTest, WaitsForWhatIsOpenOnly) {
  TcpDialer dialer(OneTarget(), sockets_, kStart);
  std::vector<pollfd> waits;
  dialer.AddWaits(waits);
  EXPECT_THAT(waits, IsEmpty());
  EXPECT_EQ(Step(dialer, 0), Duration(milliseconds(900)));
  dialer.AddWaits(waits);
  ASSERT_THAT(waits, SizeIs(1));
  EXPECT_EQ(waits[0].fd, sockets_.open[0]);
}

}  // namespace
}  // namespace faultline
