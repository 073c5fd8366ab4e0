#include "controller/report/edge_instants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/timeline_codec.h"
#include "controller/report/observed_text.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// One probe every 5 ms of a burst of 100 ms; those of [from, to) ms arrive.
ProbeMarks Arriving(int from, int to) {
  ProbeMarks marks = {.sent = std::vector<bool>(100), .received = std::vector<bool>(100)};
  for (int i = 0; i < 100; i += 5) {
    marks.sent[static_cast<std::size_t>(i)] = true;
    marks.received[static_cast<std::size_t>(i)] = i >= from && i < to;
  }
  return marks;
}

TEST(TurningPointTest, LiesBetweenTheLastThatArrivedAndTheFirstThatDidNot) {
  EXPECT_EQ(FindTurningPoint(Arriving(0, 42), true), (TurningPoint{milliseconds(40), milliseconds(46)}));
  EXPECT_EQ(FindTurningPoint(Arriving(42, 100), false), (TurningPoint{milliseconds(40), milliseconds(46)}));
}

TEST(TurningPointTest, NeedsEvidenceOnBothSides) {
  EXPECT_EQ(FindTurningPoint(Arriving(0, 100), true), std::nullopt);
  EXPECT_EQ(FindTurningPoint(Arriving(0, 0), true), std::nullopt);
  EXPECT_EQ(FindTurningPoint(Arriving(0, 90), true), std::nullopt);
  EXPECT_EQ(FindTurningPoint(Arriving(0, 10), true), std::nullopt);
  EXPECT_TRUE(FindTurningPoint(Arriving(0, 15), true));
  EXPECT_TRUE(FindTurningPoint(Arriving(0, 85), true));
  EXPECT_EQ(FindTurningPoint(Arriving(0, 100), false), std::nullopt);
  EXPECT_EQ(FindTurningPoint(Arriving(95, 100), false), std::nullopt);
  EXPECT_EQ(FindTurningPoint({}, true), std::nullopt);
}

TEST(TurningPointTest, WhereNothingWasSentNothingIsKnown) {
  ProbeMarks marks = Arriving(0, 42);
  marks.sent[45] = marks.sent[50] = false;
  EXPECT_EQ(FindTurningPoint(marks, true), (TurningPoint{milliseconds(40), milliseconds(56)}));
}

TEST(TurningPointTest, AnEdgeThatLosesManyTurnsNowhere) {
  ProbeMarks marks = Arriving(0, 52);
  marks.received[20] = false;
  EXPECT_EQ(FindTurningPoint(marks, true), (TurningPoint{milliseconds(50), milliseconds(56)}));
  marks.received[10] = false;
  EXPECT_EQ(FindTurningPoint(marks, true), std::nullopt);
}

class EdgeInstantsTest : public ::testing::Test {
 protected:
  static constexpr ControllerTime kT0{seconds(1000)};

  EdgeInstantsTest() {
    run_.set_id("split-1");
    run_.add_step_names("cut");
    Expect();
  }
  void Expect() { bursts_.Expect("split-1", boundaries_); }
  // London's probes to Paris leave every 5 ms; those of the burst's first `arriving` ms arrive after 2 ms and more.
  void Report(int arriving, const std::string& run = "split-1", std::uint32_t burst = 0) {
    std::string sent(13, '\0');
    std::string received(13, '\0');
    for (unsigned i = 0; i < 100; i += 5) {
      sent[i / 8] = static_cast<char>(sent[i / 8] | (1 << (i % 8)));
      if (static_cast<int>(i) < arriving) received[i / 8] = static_cast<char>(received[i / 8] | (1 << (i % 8)));
    }
    v1::Observation london;
    Fill(*london.add_bursts(), run, burst, "par-1").set_sent(sent);
    bursts_.Add(NodeName("lon-1"), london);
    v1::Observation paris;
    Fill(*paris.add_bursts(), run, burst, "lon-1").set_received(received);
    v1::ProbeWindow& window = *paris.add_windows();
    window.set_peer("lon-1");
    window.set_family(v1::FAMILY_IPV4);
    *window.mutable_start() = EncodeDuration((kT0 + seconds(5)).time_since_epoch());
    window.set_received(8);
    *window.mutable_min_delay() = EncodeDuration(milliseconds(2));
    bursts_.Add(NodeName("par-1"), paris);
    ASSERT_TRUE(probes_.Add(NodeName("par-1"), paris).ok());
  }
  static v1::BurstMarks& Fill(v1::BurstMarks& marks, const std::string& run, std::uint32_t burst, const char* peer) {
    marks.set_run_id(run);
    marks.set_burst(burst);
    marks.set_peer(peer);
    marks.set_family(v1::FAMILY_IPV4);
    return marks;
  }
  StepFigures Observed(Duration at = seconds(5) + milliseconds(30)) {
    AddObservedTransitions(boundaries_, at, kT0, bursts_, probes_, run_);
    return FiguresOf(run_)[0];
  }

  std::vector<Boundary> boundaries_ = {{.at = seconds(5) + milliseconds(30),
                                        .start = seconds(5),
                                        .length = milliseconds(100),
                                        .edges = {{.edge = {NodeName("lon-1"), NodeName("par-1"), Family::kIpv4},
                                                   .step = 0,
                                                   .transition = v1::TRANSITION_FIRED},
                                                  {.edge = {NodeName("lon-1"), NodeName("par-2"), Family::kIpv4},
                                                   .step = 0,
                                                   .transition = v1::TRANSITION_FIRED}},
                                        .changing = {{{0, v1::TRANSITION_FIRED}, 40}}}};
  BurstLog bursts_;
  ProbeLog probes_;
  v1::Run run_;
};

TEST_F(EdgeInstantsTest, AreThoseOfTheReceiver) {
  Report(42);
  const StepFigures step = Observed();
  ASSERT_EQ(run_.observed_transitions_size(), 1);
  const v1::ObservedTransition& took = run_.observed_transitions(0);
  EXPECT_EQ(took.transition(), v1::TRANSITION_FIRED);
  ASSERT_EQ(took.edges_size(), 2);
  EXPECT_EQ(took.edges(0).to(), "par-1");
  EXPECT_EQ(DecodeDuration(took.edges(0).earliest()).value(), seconds(5) + milliseconds(42));
  EXPECT_EQ(DecodeDuration(took.edges(0).latest()).value(), seconds(5) + milliseconds(48));
  EXPECT_FALSE(took.edges(1).has_earliest() || took.edges(1).has_latest());
  ASSERT_TRUE(step.observed_fired);
  EXPECT_FALSE(step.observed_healed);
  EXPECT_EQ(step.observed_fired->within, milliseconds(18));
  EXPECT_EQ(step.observed_fired->resolution, milliseconds(6));
  EXPECT_EQ(ObservedText(step), "took in <= 18.00 ms, resolution 6.00 ms, on 1 of 40 directions (2 sampled)");
}

TEST_F(EdgeInstantsTest, OfNoOtherBoundary) {
  Report(42);
  Observed(seconds(6));
  EXPECT_EQ(run_.observed_transitions_size(), 0);
}

TEST_F(EdgeInstantsTest, WhatNeverShowedIsSaid) {
  Report(1000);
  const StepFigures step = Observed();
  EXPECT_FALSE(step.observed_fired->within);
  EXPECT_EQ(ObservedText(step), "took unseen, on 0 of 40 directions (2 sampled)");
  EXPECT_EQ(ObservedText({}), "");
}

TEST_F(EdgeInstantsTest, NotesOfUnknownRunsAndBurstsArePassedOver) {
  Report(42, "other-1");
  Report(42, "split-1", 1);
  EXPECT_FALSE(Observed().observed_fired->within);
  bursts_.Forget("split-1");
  Report(42);
  EXPECT_EQ(bursts_.MarksOf("split-1", 0, boundaries_[0].edges[0].edge).sent.size(), 0u);
}

}  // namespace
}  // namespace faultline
