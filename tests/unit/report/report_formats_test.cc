#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "controller/report/report_csv.h"
#include "controller/report/report_junit.h"
#include "controller/report/report_markdown.h"
#include "tests/unit/report/full_run.h"

namespace faultline {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

void SetWaited(v1::StageVerdict& stage) {
  *stage.mutable_held() = EncodeDuration(std::chrono::milliseconds(4'200));
  *stage.mutable_observed_from() = EncodeDuration(std::chrono::seconds(13));
}

TEST(ReportCsvTest, ARowPerStageAndEdge) {
  v1::Run run = SampleRun();
  SetImpaired(*run.mutable_stages(0), "lon-1", "par-1", v1::FAMILY_IPV4, std::chrono::milliseconds(80), 0.25);
  *EdgeOf(*run.mutable_stages(0), "lon-1", "par-1", v1::FAMILY_IPV4).mutable_mean_delay() =
      EncodeDuration(std::chrono::microseconds(80'400));
  SetObserved(*run.mutable_stages(1), "lon-1", "par-1", v1::FAMILY_IPV6, v1::REACH_OPEN, 12);
  *run.mutable_stages(0)->mutable_start() = EncodeDuration(std::chrono::seconds(0));
  SetTaken(run, std::chrono::seconds(10), -std::chrono::microseconds(2'500), std::chrono::microseconds(1'500));
  SetWaited(*run.mutable_stages(1));
  EXPECT_EQ("\n" + RenderCsv(run), R"(
run,stage,start_s,end_s,from,to,family,planned_reachable,planned_share,planned_delay_ms,sent,received,observed,mean_delay_ms,added_delay_ms,as_planned,tcp_port,refused,changed_after_ms,changed_by_ms,held_s,judged_from_s
split-brain-3,baseline,0,30,lon-1,par-1,IPv4,yes,0.75,80,100,75,lossy,80.4,80,yes,,,,,,
split-brain-3,baseline,0,30,lon-1,par-1,IPv6,yes,,,12,12,open,,,yes,,,,,,
split-brain-3,baseline,0,30,par-1,lon-1,IPv4,yes,,,12,12,open,,,yes,,,,,,
split-brain-3,baseline,0,30,par-1,lon-1,IPv6,yes,,,12,12,open,,,yes,,,,,,
split-brain-3,one-way,10,30,lon-1,par-1,IPv4,no,,,12,0,cut,,,yes,,,-2.5,1.5,4.2,13
split-brain-3,one-way,10,30,lon-1,par-1,IPv6,no,,,12,12,open,,,no,,,,,4.2,13
split-brain-3,one-way,10,30,par-1,lon-1,IPv4,yes,,,12,12,open,,,yes,,,,,4.2,13
split-brain-3,one-way,10,30,par-1,lon-1,IPv6,yes,,,12,12,open,,,yes,,,,,4.2,13
)");
}

TEST(ReportCsvTest, TextThatWouldBreakARowIsQuoted) {
  v1::Run run = SampleRun();
  run.mutable_stages(0)->set_name("a \"b\",\nc");
  EXPECT_THAT(RenderCsv(run), HasSubstr("\nsplit-brain-3,\"a \"\"b\"\",\nc\",10,30,lon-1"));
}

TEST(ReportJunitTest, Verified) {
  EXPECT_EQ("\n" + RenderJunit(SampleRun()), R"(
<?xml version="1.0" encoding="UTF-8"?>
<testsuites><testsuite name="faultline.split-brain" tests="3" failures="0" errors="0" skipped="0" time="63" timestamp="2024-01-01T00:00:02"><properties><property name="run" value="split-brain-3"/>
<property name="seed" value="7"/>
<property name="controller" value=""/>
</properties>
<testcase classname="faultline.split-brain" name="run" time="63"></testcase>
<testcase classname="faultline.split-brain" name="stage baseline" time="20"></testcase>
<testcase classname="faultline.split-brain" name="stage one-way" time="20"></testcase>
</testsuite>
</testsuites>
)");
}

TEST(ReportJunitTest, WhenAStepWasSeenToTakeIsAProperty) {
  v1::Run run = SampleRun();
  SetTaken(run, std::chrono::seconds(10), -std::chrono::milliseconds(2), std::chrono::milliseconds(4));
  EXPECT_THAT(RenderJunit(run),
              HasSubstr("<property name=\"step one-way\" value=\"took in &lt;= 4.00 ms, resolution 6.00 ms, on 1 of 2 "
                        "directions (1 sampled)\"/>\n</properties>"));
}

TEST(ReportJunitTest, HowAStageWasWaitedForIsAProperty) {
  v1::Run run = SampleRun();
  SetWaited(*run.mutable_stages(1));
  EXPECT_THAT(RenderJunit(run),
              HasSubstr("<property name=\"stage one-way\" value=\"held 4s200ms, judged from 13s on\"/>\n"
                        "</properties>"));
}

TEST(ReportJunitTest, WhatWasNotAsPlannedIsAFailureThatNamesTheEdges) {
  v1::Run run = FullRun("note");
  SetObserved(*run.mutable_stages(1), "lon-1", "par-1", v1::FAMILY_IPV4, v1::REACH_OPEN, 12);
  const std::string xml = RenderJunit(run);
  EXPECT_THAT(xml, HasSubstr("tests=\"7\" failures=\"4\" errors=\"0\" skipped=\"2\""));
  EXPECT_THAT(xml, HasSubstr("name=\"run\" time=\"63\"><failure message=\"note\" type=\"NotVerified\">note</failure>"));
  EXPECT_THAT(xml, HasSubstr("name=\"stage one-way\" time=\"20\"><failure message=\"NOT as planned: 1 of 4 edges\" "
                             "type=\"NotAsPlanned\">lon-1 → par-1 (IPv4) was planned cut but 12 of 12 probes arrived"));
  EXPECT_THAT(xml, HasSubstr("name=\"stage split\" time=\"0\"><skipped message=\"it was never observed\"/>"));
  EXPECT_THAT(xml, HasSubstr("name=\"expectation note, stage one-way\" time=\"0\"><failure message=\"note\" "
                             "type=\"NotMet\">note</failure>"));
  EXPECT_THAT(xml, HasSubstr("name=\"guard quorum\" time=\"0\"><failure message=\"at 12s: note\""));
}

TEST(ReportJunitTest, AGuardThatOnlyNotedFailsNothing) {
  v1::Run run = SampleRun();
  run.add_guard_checks()->set_name("quorum");
  EXPECT_THAT(RenderJunit(run), HasSubstr("tests=\"4\" failures=\"0\" errors=\"0\""));
  run.set_outcome(v1::OUTCOME_ABORTED);
  EXPECT_THAT(RenderJunit(run), HasSubstr("tests=\"4\" failures=\"2\" errors=\"0\""));
}

TEST(ReportJunitTest, ARunThatNeverBeganIsAnError) {
  for (const auto& [outcome, type] :
       {std::pair(v1::OUTCOME_REFUSED, "Refused"), std::pair(v1::OUTCOME_MISSED, "Missed")}) {
    v1::Run run;
    run.set_state(v1::RUN_STATE_ENDED);
    run.set_outcome(outcome);
    run.set_summary("node par-1 refused: guard.max_runs");
    const std::string xml = RenderJunit(run);
    EXPECT_THAT(xml, HasSubstr("tests=\"1\" failures=\"0\" errors=\"1\""));
    EXPECT_THAT(xml, HasSubstr(std::string("type=\"") + type + "\""));
  }
  v1::Run running;
  running.set_state(v1::RUN_STATE_RUNNING);
  EXPECT_THAT(RenderJunit(running), HasSubstr("<error message=\"the run is not over: running\" type=\"NotOver\">"));
}

TEST(ReportMarkdownTest, NotVerified) {
  v1::Run run = FullRun("a|b");
  SetObserved(*run.mutable_stages(1), "lon-1", "par-1", v1::FAMILY_IPV4, v1::REACH_OPEN, 12);
  run.mutable_stages(1)->set_agrees(false);
  EXPECT_EQ("\n" + RenderMarkdown(run), R"(
### ❌ split-brain-3: NOT verified

a\|b.

| stage | from | to | edges | observed |
| --- | --- | --- | --- | --- |
| baseline | 0s | 10s | 4 | ✅ as planned |
| one-way | 10s | 30s | 4 | ❌ NOT as planned: 1 of 4 edges |

| step | does | at | for | took in | healed in | observed by probes | start skew | packets |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
| one-way | a\|b | 10s | 20s | 0.35 ms | 0.42 ms |  | 0.25 ms | 180 |
| split | delay 80ms | 30s | 30s | 0.35 ms | 0.35 ms |  | 0.25 ms | 180 |

Not as planned:

- one-way: lon-1 → par-1 (IPv4) was planned cut but 12 of 12 probes arrived

Expectations that were not met:

- one-way: a\|b: a\|b

Guards that failed:

- quorum at 12s: a\|b

Warnings:

- a\|b

plan split-brain, seed 7, 2 nodes, T0 2024-01-01T00:00:02.000000000Z, controller 0.1.0, agents 0.1.0, kernels 6.1.0-38
)");
}

TEST(ReportMarkdownTest, ALargeFleetsFailureStaysShort) {
  v1::Run run = SampleRun();
  *run.mutable_stages(1) = OneWayStage(20);
  for (v1::EdgeVerdict& edge : *run.mutable_stages(1)->mutable_edges()) edge.set_observed(v1::REACH_LOSSY);
  const std::string text = RenderMarkdown(run);
  EXPECT_THAT(text, HasSubstr("- and 3110 more\n"));
  EXPECT_LT(text.size(), 3'000u);
}

TEST(ReportMarkdownTest, ARunInProgress) {
  v1::Run run;
  run.set_id("split-brain-4");
  run.set_state(v1::RUN_STATE_ARMING);
  EXPECT_THAT(RenderMarkdown(run), HasSubstr("### ⏳ split-brain-4: arming\n"));
  EXPECT_THAT(RenderMarkdown(run), Not(HasSubstr("| step")));
}

}  // namespace
}  // namespace faultline
