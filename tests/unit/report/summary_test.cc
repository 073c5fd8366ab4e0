#include "controller/report/summary.h"

#include <gtest/gtest.h>

#include "tests/unit/report/stage_samples.h"

namespace faultline {
namespace {

using Stages = google::protobuf::RepeatedPtrField<v1::StageVerdict>;

Stages Of(std::initializer_list<v1::StageVerdict> stages) { return {stages.begin(), stages.end()}; }

TEST(SummaryTest, CountsWhatWasObserved) {
  EXPECT_EQ(Summarize(Of({OpenStage(3), OneWayStage(3), OpenStage(3), OpenStage(3)})),
            "every observation equalled the plan: 4 stages, 240 edges");
  EXPECT_EQ(Summarize(Of({OpenStage(1)})), "every observation equalled the plan: 1 stage, 4 edges");
}

TEST(SummaryTest, SaysHowMuchOfAFleetWasProbed) {
  v1::StageVerdict sampled = OpenStage(1);
  sampled.set_unprobed_edges(100);
  EXPECT_EQ(Summarize(Of({sampled, sampled})), "every observation equalled the plan: 2 stages, 8 of 208 edges");
}

TEST(SummaryTest, NothingObservedIsNoSuccess) {
  EXPECT_EQ(Summarize(Of({})), "nothing was observed");
  EXPECT_EQ(Summarize(Of({v1::StageVerdict()})), "nothing was observed: no two nodes can probe each other");
}

TEST(SummaryTest, NamesTheFirstEdgeThatWasNotAsPlanned) {
  v1::StageVerdict stage = OneWayStage(3);
  SetObserved(stage, "lon-1", "par-2", v1::FAMILY_IPV4, v1::REACH_OPEN, 12);
  EXPECT_EQ(Summarize(Of({OpenStage(3), stage})),
            "one-way: lon-1 → par-2 (IPv4) was planned cut but 12 of 12 probes arrived");
  SetObserved(stage, "lon-2", "par-2", v1::FAMILY_IPV6, v1::REACH_LOSSY, 3);
  SetObserved(stage, "par-2", "par-1", v1::FAMILY_IPV6, v1::REACH_CUT, 0);
  EXPECT_EQ(Summarize(Of({OpenStage(3), stage})),
            "one-way: lon-1 → par-2 (IPv4) was planned cut but 12 of 12 probes arrived; and 2 more");
}

TEST(SummaryTest, SaysWhatWasSeen) {
  struct {
    const char* to;
    v1::Reach observed;
    std::uint32_t sent;
    std::uint32_t received;
    const char* end;
  } const cases[] = {
      {"lon-2", v1::REACH_CUT, 9, 0, "(IPv6) was planned open but none of 9 probes arrived"},
      {"lon-2", v1::REACH_LOSSY, 9, 5, "(IPv6) was planned open but only 5 of 9 probes arrived"},
      {"par-1", v1::REACH_LOSSY, 9, 5, "(IPv6) was planned cut but 5 of 9 probes arrived"},
      {"lon-2", v1::REACH_UNSPECIFIED, 0, 0, "(IPv6) was planned open but no probe is known to have been sent"},
      {"par-1", v1::REACH_UNSPECIFIED, 1, 0,
       "(IPv6) was planned cut but only 1 probe was sent, which is too few to tell"},
      {"par-1", v1::REACH_UNSPECIFIED, 9, 0, "(IPv6) was planned cut but its receiver did not report throughout"},
  };
  for (const auto& seen : cases) {
    v1::StageVerdict stage = OneWayStage(2);
    SetObserved(stage, "lon-1", seen.to, v1::FAMILY_IPV6, seen.observed, seen.received, seen.sent);
    EXPECT_EQ(Summarize(Of({stage})), absl::StrCat("one-way: lon-1 → ", seen.to, " ", seen.end));
  }
}

TEST(SummaryTest, SaysWhatFigureWasNotAsPlanned) {
  using std::chrono::milliseconds;
  struct {
    Duration delay;
    double lost;
    void (*spoil)(v1::EdgeVerdict&);
    const char* end;
  } const cases[] = {
      {milliseconds(80), 0.01,
       [](v1::EdgeVerdict& edge) {
         edge.set_delay(v1::JUDGEMENT_OFF);
         *edge.mutable_observed_delay() = EncodeDuration(std::chrono::microseconds(20'100));
       },
       "with 80ms of delay and 1% of loss but had 20ms of delay"},
      {milliseconds(80), 0,
       [](v1::EdgeVerdict& edge) {
         edge.set_share(v1::JUDGEMENT_OFF);
         edge.set_received(60);
       },
       "with 80ms of delay but only 60 of 100 probes arrived"},
      {milliseconds(0), 0.5,
       [](v1::EdgeVerdict& edge) {
         edge.set_share(v1::JUDGEMENT_OFF);
         edge.set_received(99);
       },
       "with 50% of loss but 99 of 100 probes arrived"},
      {milliseconds(80), 0.5,
       [](v1::EdgeVerdict& edge) {
         edge.set_share(v1::JUDGEMENT_OFF);
         edge.set_delay(v1::JUDGEMENT_OFF);
         edge.set_received(2);
         *edge.mutable_observed_delay() = EncodeDuration(Duration(0));
       },
       "with 80ms of delay and 50% of loss but only 2 of 100 probes arrived and had 0ms of delay"},
      {milliseconds(80), 0,
       [](v1::EdgeVerdict& edge) {
         edge.set_share(v1::JUDGEMENT_OFF);
         edge.set_received(0);
         edge.set_observed(v1::REACH_CUT);
       },
       "with 80ms of delay but none of 100 probes arrived"},
      {milliseconds(0), 0,
       [](v1::EdgeVerdict& edge) {
         edge.set_share(v1::JUDGEMENT_OFF);
         edge.set_received(0);
         edge.set_observed(v1::REACH_CUT);
       },
       "impaired but open but none of 100 probes arrived"},
      {milliseconds(0), 0.5,
       [](v1::EdgeVerdict& edge) {
         edge.set_share(v1::JUDGEMENT_UNSPECIFIED);
         edge.set_sent(9);
         edge.set_received(5);
       },
       "with 50% of loss but only 9 probes were sent, which is too few to tell"},
  };
  for (const auto& one : cases) {
    v1::StageVerdict stage = OpenStage(1);
    v1::EdgeVerdict& edge = SetImpaired(stage, "lon-1", "par-1", v1::FAMILY_IPV4, one.delay, one.lost);
    EXPECT_TRUE(Agrees(edge));
    one.spoil(edge);
    EXPECT_FALSE(Agrees(edge));
    EXPECT_EQ(Summarize(Of({stage})), absl::StrCat("one-way: lon-1 → par-1 (IPv4) was planned ", one.end));
  }
}

TEST(SummaryTest, SaysHowFarTheEvidenceGoes) {
  v1::StageVerdict far = FarStage(1, std::chrono::milliseconds(80), 0);
  EXPECT_EQ(Summarize(Of({far})), "every observation equalled the plan: 1 stage, 4 edges");
  for (v1::EdgeVerdict& edge : *far.mutable_edges()) edge.clear_delay();
  EXPECT_EQ(
      Summarize(Of({far})),
      "every observation equalled the plan: 1 stage, 4 edges; not every delay was judged: the baseline has none to "
      "compare with");
  v1::StageVerdict unseen = OpenStage(1);
  unseen.set_name("noddb");
  unseen.set_unseen(true);
  EXPECT_FALSE(MetNothing(unseen));
  unseen.set_matched(7);
  EXPECT_EQ(Summarize(Of({OpenStage(1), unseen})),
            "every observation equalled the plan: 2 stages, 8 edges; 1 stage by packets that met the rules");
  unseen.set_matched(0);
  EXPECT_EQ(Summarize(Of({OpenStage(1), unseen})), "noddb: no packet met its faults, which no probe can see");
  v1::StageVerdict wrong = OneWayStage(1);
  SetObserved(wrong, "lon-1", "par-1", v1::FAMILY_IPV4, v1::REACH_UNSPECIFIED, 0);
  EXPECT_EQ(Summarize(Of({wrong, unseen})), "noddb: no packet met its faults, which no probe can see; and 1 more");
  SetObserved(wrong, "lon-1", "par-1", v1::FAMILY_IPV4, v1::REACH_OPEN, 12);
  EXPECT_EQ(Summarize(Of({unseen, wrong})),
            "one-way: lon-1 → par-1 (IPv4) was planned cut but 12 of 12 probes arrived; and 1 more");
}

TEST(SummaryTest, SaysThatAStageWasWaitedFor) {
  v1::StageVerdict late = OneWayStage(1);
  *late.mutable_observed_from() = EncodeDuration(std::chrono::seconds(12));
  EXPECT_EQ(Summarize(Of({OpenStage(1), late})),
            "every observation equalled the plan: 2 stages, 8 edges; 1 stage not from its beginning on");
}

TEST(SummaryTest, WhatIsKnownToBeWrongComesBeforeWhatIsNotKnown) {
  v1::StageVerdict stage = OneWayStage(2);
  SetObserved(stage, "lon-1", "par-1", v1::FAMILY_IPV4, v1::REACH_UNSPECIFIED, 0);
  SetObserved(stage, "lon-2", "par-1", v1::FAMILY_IPV4, v1::REACH_OPEN, 12);
  SetObserved(stage, "lon-2", "par-2", v1::FAMILY_IPV4, v1::REACH_OPEN, 12);
  EXPECT_EQ(Summarize(Of({stage})),
            "one-way: lon-2 → par-1 (IPv4) was planned cut but 12 of 12 probes arrived; and 2 more");
}

}  // namespace
}  // namespace faultline
