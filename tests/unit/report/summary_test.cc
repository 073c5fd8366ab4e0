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
