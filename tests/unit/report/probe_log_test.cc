#include "controller/report/probe_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/timeline_codec.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

const NodeName kLondon("lon-1");
const NodeName kParis("par-1");
const ProbeEdge kOutward = {.from = kLondon, .to = kParis, .family = Family::kIpv4};
const ProbeEdge kInward = {.from = kParis, .to = kLondon, .family = Family::kIpv4};

ControllerTime At(Duration time) { return ControllerTime(time); }

class ProbeLogTest : public ::testing::Test {
 protected:
  static v1::ProbeWindow Window(const NodeName& peer, Duration start, std::uint32_t sent, std::uint32_t received) {
    v1::ProbeWindow window;
    window.set_peer(peer.text());
    window.set_family(v1::FAMILY_IPV4);
    *window.mutable_start() = EncodeDuration(start);
    window.set_sent(sent);
    window.set_received(received);
    return window;
  }
  absl::Status Report(const NodeName& reporter, const v1::ProbeWindow& window) {
    v1::Observation observation;
    *observation.add_windows() = window;
    return log_.Add(reporter, observation);
  }
  void Sent(const NodeName& from, const NodeName& to, Duration start, std::uint32_t count = 1) {
    EXPECT_TRUE(Report(from, Window(to, start, count, 0)).ok());
  }
  void Received(const NodeName& at, const NodeName& from, Duration start, std::uint32_t count = 1) {
    EXPECT_TRUE(Report(at, Window(from, start, 0, count)).ok());
  }
  ProbeSum SumOf(const ProbeEdge& edge, Duration start, Duration end) { return log_.Sum(edge, At(start), At(end)); }

  ProbeLog log_;
};

TEST_F(ProbeLogTest, JoinsTheSendersAndTheReceiversReports) {
  Sent(kLondon, kParis, seconds(1), 3);
  Received(kParis, kLondon, seconds(1), 2);
  EXPECT_EQ(SumOf(kOutward, seconds(1), seconds(2)), (ProbeSum{.sent = 3, .received = 2}));
  EXPECT_EQ(SumOf(kInward, seconds(1), seconds(2)), ProbeSum{});
}

TEST_F(ProbeLogTest, BothDirectionsAndFamiliesAreApart) {
  v1::ProbeWindow ipv6 = Window(kParis, seconds(1), 5, 0);
  ipv6.set_family(v1::FAMILY_IPV6);
  EXPECT_TRUE(Report(kLondon, ipv6).ok());
  Sent(kParis, kLondon, seconds(1), 7);
  ProbeEdge outward_ipv6 = kOutward;
  outward_ipv6.family = Family::kIpv6;
  EXPECT_EQ(SumOf(outward_ipv6, seconds(0), seconds(9)).sent, 5u);
  EXPECT_EQ(SumOf(kInward, seconds(0), seconds(9)).sent, 7u);
  EXPECT_EQ(SumOf(kOutward, seconds(0), seconds(9)).sent, 0u);
}

TEST_F(ProbeLogTest, TellsWhomItKnowsOfEachSender) {
  Sent(kLondon, kParis, seconds(1));
  Received(NodeName("par-2"), kLondon, seconds(1));
  Sent(NodeName("lon-2"), kParis, seconds(1));
  EXPECT_EQ(log_.Receivers(kLondon, Family::kIpv4), (std::vector{kParis, NodeName("par-2")}));
  EXPECT_TRUE(log_.Receivers(kLondon, Family::kIpv6).empty());
  EXPECT_TRUE(log_.Receivers(kParis, Family::kIpv4).empty());
  EXPECT_TRUE(log_.Receivers(NodeName("lon"), Family::kIpv4).empty());
}

TEST_F(ProbeLogTest, ReportsOfOneWindowAddUp) {
  Sent(kLondon, kParis, seconds(1), 1);
  Sent(kLondon, kParis, seconds(1), 2);
  EXPECT_EQ(SumOf(kOutward, seconds(1), seconds(2)).sent, 3u);
}

TEST_F(ProbeLogTest, StretchesOneAfterTheOtherAreSummedApart) {
  Sent(kLondon, kParis, milliseconds(900), 1);
  Sent(kLondon, kParis, seconds(1), 2);
  Sent(kLondon, kParis, milliseconds(1'200), 4);
  Sent(kLondon, kParis, milliseconds(1'300), 8);
  Sent(kLondon, kParis, milliseconds(1'900), 16);
  const auto sent = [this](Duration step, std::size_t count) {
    std::vector<std::uint32_t> all;
    for (const ProbeSum& sum : log_.Sums(kOutward, At(seconds(1)), step, count)) all.push_back(sum.sent);
    return all;
  };
  EXPECT_THAT(sent(milliseconds(300), 3), ::testing::ElementsAre(6, 8, 0));
  EXPECT_THAT(sent(milliseconds(300), 4), ::testing::ElementsAre(6, 8, 0, 16));
  // A window that two stretches share is in neither.
  EXPECT_THAT(sent(milliseconds(250), 2), ::testing::ElementsAre(2, 8));
  EXPECT_THAT(log_.Sums(kInward, At(seconds(1)), seconds(1), 2), ::testing::ElementsAre(ProbeSum{}, ProbeSum{}));
}

TEST_F(ProbeLogTest, AWindowThatHoldsBothIsReadAsBoth) {
  EXPECT_TRUE(Report(kLondon, Window(kParis, seconds(1), 4, 3)).ok());
  EXPECT_EQ(SumOf(kOutward, seconds(1), seconds(2)), (ProbeSum{.sent = 4}));
  EXPECT_EQ(SumOf(kInward, seconds(1), seconds(2)), (ProbeSum{.received = 3}));
}

TEST_F(ProbeLogTest, KeepsTheLeastDelay) {
  for (const Duration delay : {milliseconds(3), milliseconds(-1), milliseconds(2)}) {
    v1::ProbeWindow window = Window(kLondon, seconds(1), 0, 1);
    *window.mutable_min_delay() = EncodeDuration(delay);
    EXPECT_TRUE(Report(kParis, window).ok());
  }
  EXPECT_EQ(SumOf(kOutward, seconds(0), seconds(9)).min_delay, milliseconds(-1));
}

TEST_F(ProbeLogTest, TheMeanDelayIsOfThoseWhoseDelayIsTold) {
  const auto report = [this](Duration start, std::uint32_t received, std::optional<Duration> sum) {
    v1::ProbeWindow window = Window(kLondon, start, 0, received);
    if (sum) *window.mutable_sum_delay() = EncodeDuration(*sum);
    EXPECT_TRUE(Report(kParis, window).ok());
  };
  EXPECT_FALSE(SumOf(kOutward, seconds(0), seconds(9)).MeanDelay().has_value());
  report(seconds(1), 2, milliseconds(10));
  report(seconds(1), 1, milliseconds(20));
  report(seconds(2), 7, std::nullopt);
  const ProbeSum sum = SumOf(kOutward, seconds(0), seconds(9));
  EXPECT_EQ(sum.received, 10u);
  EXPECT_EQ(sum.timed, 3u);
  EXPECT_EQ(sum.MeanDelay(), milliseconds(10));
  // Clocks may differ either way.
  report(seconds(3), 7, milliseconds(-100));
  EXPECT_EQ(SumOf(kOutward, seconds(0), seconds(9)).MeanDelay(), milliseconds(-7));
}

TEST_F(ProbeLogTest, DelaysThatAreMadeUpDoNotOverflow) {
  v1::ProbeWindow window = Window(kLondon, seconds(1), 0, 12'000);
  *window.mutable_sum_delay() = EncodeDuration(12'000 * std::chrono::hours(2));
  for (int i = 0; i < 150; ++i) ASSERT_TRUE(Report(kParis, window).ok());
  EXPECT_GT(SumOf(kOutward, seconds(0), seconds(9)).MeanDelay(), Duration(0));
}

TEST_F(ProbeLogTest, TellsInWhichWindowsWasSent) {
  Sent(kLondon, kParis, milliseconds(100), 2);
  Received(kParis, kLondon, milliseconds(200), 1);
  Sent(kLondon, kParis, milliseconds(300), 1);
  const auto sent = log_.Sent(kOutward, At(milliseconds(100)), At(milliseconds(400)));
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].start, At(milliseconds(100)));
  EXPECT_EQ(sent[0].sent, 2u);
  EXPECT_EQ(sent[1].start, At(milliseconds(300)));
  EXPECT_EQ(log_.Sent(kOutward, At(milliseconds(150)), At(milliseconds(399))).size(), 0u);
  EXPECT_EQ(log_.Sent(kInward, At(seconds(0)), At(seconds(1))).size(), 0u);
}

TEST_F(ProbeLogTest, WindowsPartlyOutsideDoNotCount) {
  for (int i = 0; i < 10; ++i) Sent(kLondon, kParis, milliseconds(100 * i));
  EXPECT_EQ(SumOf(kOutward, milliseconds(200), milliseconds(500)).sent, 3u);
  EXPECT_EQ(SumOf(kOutward, milliseconds(201), milliseconds(500)).sent, 2u);
  EXPECT_EQ(SumOf(kOutward, milliseconds(200), milliseconds(499)).sent, 2u);
  EXPECT_EQ(SumOf(kOutward, milliseconds(201), milliseconds(299)).sent, 0u);
  EXPECT_EQ(SumOf(kOutward, milliseconds(500), milliseconds(200)).sent, 0u);
}

TEST_F(ProbeLogTest, TrimForgetsWhatIsOlder) {
  Sent(kLondon, kParis, milliseconds(100));
  Sent(kLondon, kParis, milliseconds(200));
  log_.Trim(At(milliseconds(200)));
  EXPECT_EQ(SumOf(kOutward, seconds(0), seconds(1)).sent, 1u);
  log_.Trim(At(seconds(5)));
  EXPECT_EQ(SumOf(kOutward, seconds(0), seconds(1)).sent, 0u);
}

TEST_F(ProbeLogTest, AnEdgeKeepsItsNewestWindows) {
  v1::Observation observation;
  for (std::size_t i = 0; i < ProbeLog::kMostWindows + 10; ++i) {
    *observation.add_windows() = Window(kParis, static_cast<Duration::rep>(i) * milliseconds(100), 1, 0);
  }
  ASSERT_TRUE(log_.Add(kLondon, observation).ok());
  EXPECT_EQ(SumOf(kOutward, seconds(0), std::chrono::hours(9)).sent, ProbeLog::kMostWindows);
  EXPECT_EQ(SumOf(kOutward, seconds(0), seconds(1)).sent, 0u);
}

// Of 80 windows at most.
class SmallProbeLogTest : public ProbeLogTest {
 protected:
  SmallProbeLogTest() : log_(milliseconds(100), 80) {}

  // One a tenth of a second, of both ends in turn.
  void SentIn(int first, int last) {
    for (int i = first; i < last; ++i) {
      v1::Observation observation;
      *observation.add_windows() = Window(i % 2 == 0 ? kParis : kLondon, i * milliseconds(100), 1, 0);
      EXPECT_TRUE(log_.Add(i % 2 == 0 ? kLondon : kParis, observation).ok());
    }
  }
  std::uint32_t Known(Duration start = seconds(0), Duration end = std::chrono::hours(1)) const {
    return log_.Sum(kOutward, At(start), At(end)).sent + log_.Sum(kInward, At(start), At(end)).sent;
  }

  ProbeLog log_;
};

TEST_F(SmallProbeLogTest, TheOldestOfTooManyWindowsGiveWay) {
  SentIn(0, 80);
  EXPECT_EQ(Known(), 80u);
  EXPECT_EQ(log_.forgotten(), std::nullopt);
  SentIn(80, 81);
  EXPECT_EQ(log_.forgotten(), At(seconds(1)));
  EXPECT_EQ(Known(), 71u);
  EXPECT_EQ(Known(seconds(1)), 71u);
  SentIn(81, 500);
  EXPECT_LE(Known(), 80u);
  EXPECT_EQ(Known(seconds(45)), 50u) << "the newest stay";
  EXPECT_EQ(Known(seconds(0)), Known(*log_.forgotten() - At(seconds(0))));
}

TEST_F(SmallProbeLogTest, NothingMoreIsTakenOfWhatWasForgotten) {
  SentIn(0, 81);
  // There would be room for them.
  SentIn(0, 5);
  EXPECT_EQ(Known(seconds(0), seconds(1)), 0u);
  EXPECT_EQ(log_.forgotten(), At(seconds(1)));
  // What is known still adds up.
  SentIn(10, 20);
  EXPECT_EQ(Known(seconds(1), seconds(2)), 20u);
}

TEST_F(SmallProbeLogTest, WhatWasTrimmedMakesRoom) {
  SentIn(0, 80);
  log_.Trim(At(seconds(4)));
  EXPECT_EQ(Known(), 40u);
  // Late, and in disorder.
  for (int i = 119; i >= 80; --i) SentIn(i, i + 1);
  EXPECT_EQ(Known(), 80u);
  EXPECT_EQ(log_.forgotten(), std::nullopt);
}

TEST_F(SmallProbeLogTest, ASecondWithTooManyIsForgottenWhole) {
  v1::Observation observation;
  for (int i = 0; i < 81; ++i)
    *observation.add_windows() = Window(NodeName("par-" + std::to_string(i)), seconds(7), 1, 0);
  EXPECT_TRUE(log_.Add(kLondon, observation).ok());
  EXPECT_EQ(log_.forgotten(), At(seconds(8)));
  EXPECT_TRUE(log_.Receivers(kLondon, Family::kIpv4).empty());
  SentIn(80, 90);
  EXPECT_EQ(Known(), 10u);
}

TEST_F(ProbeLogTest, AMalformedWindowIsNamedAndNothingIsTaken) {
  struct {
    const char* message;
    void (*spoil)(v1::ProbeWindow&);
  } const cases[] = {
      {"probe window 1 of lon-1: name of the peer", [](v1::ProbeWindow& window) { window.set_peer("../x"); }},
      {"IP version 0", [](v1::ProbeWindow& window) { window.set_family(v1::FAMILY_UNSPECIFIED); }},
      {"no multiple of the width",
       [](v1::ProbeWindow& window) { *window.mutable_start() = EncodeDuration(milliseconds(150)); }},
      {"more probes than a window can", [](v1::ProbeWindow& window) { window.set_sent(4'000'000'000); }},
      {"more probes than a window can", [](v1::ProbeWindow& window) { window.set_received(4'000'000'000); }},
      {"probe window 1", [](v1::ProbeWindow& window) { window.mutable_start()->set_nanos(2'000'000'000); }},
      {"probe window 1", [](v1::ProbeWindow& window) { window.mutable_min_delay()->set_nanos(2'000'000'000); }},
      {"probe window 1", [](v1::ProbeWindow& window) { window.mutable_sum_delay()->set_nanos(2'000'000'000); }},
      {"its probes took longer than any can",
       [](v1::ProbeWindow& window) { *window.mutable_sum_delay() = EncodeDuration(std::chrono::hours(-3)); }},
  };
  for (const auto& bad : cases) {
    v1::Observation observation;
    *observation.add_windows() = Window(kParis, seconds(1), 1, 0);
    *observation.add_windows() = Window(kParis, seconds(1), 1, 1);
    bad.spoil(*observation.mutable_windows(1));
    const absl::Status status = log_.Add(kLondon, observation);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad.message;
    EXPECT_THAT(std::string(status.message()), HasSubstr(bad.message));
  }
  EXPECT_EQ(SumOf(kOutward, seconds(0), seconds(9)), ProbeSum{});
}

TEST_F(ProbeLogTest, AWitnessSentInBothHalves) {
  EXPECT_FALSE(log_.Witnessed(kParis, At(seconds(10)), At(seconds(20))));
  Sent(kParis, kLondon, seconds(11));
  EXPECT_FALSE(log_.Witnessed(kParis, At(seconds(10)), At(seconds(20))));
  EXPECT_FALSE(log_.Witnessed(kParis, At(seconds(0)), At(seconds(20))));
  Sent(kParis, NodeName("lon-2"), seconds(19));
  EXPECT_TRUE(log_.Witnessed(kParis, At(seconds(10)), At(seconds(20))));
  EXPECT_FALSE(log_.Witnessed(kParis, At(seconds(10)), At(seconds(40))));
  EXPECT_FALSE(log_.Witnessed(kLondon, At(seconds(10)), At(seconds(20))));
}

TEST_F(ProbeLogTest, ReceivingOrBeingReceivedMakesNoWitness) {
  for (const Duration start : {seconds(11), seconds(19)}) {
    Received(kLondon, kParis, start);
    Sent(kLondon, kParis, start);
  }
  EXPECT_FALSE(log_.Witnessed(kParis, At(seconds(10)), At(seconds(20))));
  EXPECT_TRUE(log_.Witnessed(kLondon, At(seconds(10)), At(seconds(20))));
}

TEST_F(ProbeLogTest, CallsFromSeveralThreads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([this] {
      for (int i = 0; i < 300; ++i) {
        Sent(kLondon, kParis, milliseconds(100 * i));
        SumOf(kOutward, seconds(0), seconds(60));
        log_.Trim(At(seconds(0)));
        log_.Witnessed(kLondon, At(seconds(0)), At(seconds(60)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(SumOf(kOutward, seconds(0), seconds(60)).sent, 900u);
}

}  // namespace
}  // namespace faultline
