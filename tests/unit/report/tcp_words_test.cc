// What every form of a report says of connections.

#include "controller/report/tcp_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/timeline_codec.h"
#include "controller/report/compare_runs.h"
#include "controller/report/render_run.h"
#include "controller/report/report_csv.h"
#include "controller/report/report_html.h"
#include "controller/report/report_junit.h"
#include "controller/report/report_markdown.h"
#include "controller/report/run_words.h"
#include "controller/report/tcp_verdict.h"
#include "tests/unit/report/run_samples.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

v1::TcpVerdict& AddTcp(v1::StageVerdict& stage, const char* from, const char* to, std::uint32_t port, bool open) {
  v1::TcpVerdict& edge = *stage.add_tcp();
  edge.set_from(from);
  edge.set_to(to);
  edge.set_family(v1::FAMILY_IPV4);
  edge.set_port(port);
  edge.set_planned_reachable(open);
  edge.set_touched(!open);
  edge.set_observed(open ? v1::REACH_OPEN : v1::REACH_CUT);
  open ? edge.set_connected(4) : edge.set_timed_out(4);
  return edge;
}

// Its stage "one-way" has a port that is cut one way, and another whose one connection is not as planned if `wrong`.
v1::Run RunWithPorts(bool wrong) {
  v1::Run run = SampleRun();
  v1::StageVerdict& stage = *run.mutable_stages(1);
  AddTcp(stage, "lon-1", "par-1", 3001, false);
  AddTcp(stage, "par-1", "lon-1", 3001, true);
  v1::TcpVerdict& other = AddTcp(stage, "lon-1", "par-1", 3002, false);
  if (wrong) {
    other.set_observed(v1::REACH_OPEN);
    other.set_connected(5);
    other.set_timed_out(0);
    stage.set_agrees(false);
  }
  return run;
}

TEST(TcpWordsTest, WhatWasPlanned) {
  v1::TcpVerdict edge;
  EXPECT_EQ(PlannedText(edge), "cut");
  edge.set_planned_refused(true);
  EXPECT_EQ(PlannedText(edge), "refused");
  edge.set_planned_reachable(true);
  EXPECT_EQ(PlannedText(edge), "open");
  edge.set_planned_share(0.75);
  EXPECT_EQ(PlannedText(edge), "with 25% of loss");
  *edge.mutable_planned_delay() = EncodeDuration(milliseconds(80));
  EXPECT_EQ(PlannedText(edge), "with 80ms of delay and 25% of loss");
  edge.clear_planned_delay();
  edge.set_planned_share(1);
  EXPECT_EQ(PlannedText(edge), "impaired but open");
}

TEST(TcpWordsTest, HowAttemptsEnded) {
  v1::TcpVerdict edge;
  EXPECT_EQ(AttemptsText(edge), "no attempt");
  edge.set_connected(1);
  edge.set_unreachable(4);
  EXPECT_EQ(AttemptsText(edge), "1 connected, 4 unreachable");
  edge.set_refused(2);
  edge.set_timed_out(3);
  EXPECT_EQ(AttemptsText(edge), "1 connected, 2 refused, 3 timed out, 4 unreachable");
}

TEST(TcpWordsTest, AWrongDelayIsNamed) {
  v1::StageVerdict stage;
  v1::TcpVerdict& edge = AddTcp(stage, "lon-1", "par-1", 3001, true);
  edge.set_planned_share(1);
  *edge.mutable_planned_delay() = EncodeDuration(milliseconds(80));
  *edge.mutable_observed_delay() = EncodeDuration(milliseconds(1));
  edge.set_share(v1::JUDGEMENT_AS_PLANNED);
  edge.set_delay(v1::JUDGEMENT_OFF);
  EXPECT_EQ(
      DescribeConnection(edge),
      "lon-1 → par-1 port 3001 (IPv4) was planned with 80ms of delay but of its attempts 4 connected, with 1ms of "
      "delay");
  EXPECT_EQ(WrongConnections(stage), 1);
}

TEST(TcpWordsTest, GroupsCountWhatIsWrongAndWhatIsNotKnown) {
  v1::StageVerdict stage;
  AddTcp(stage, "lon-1", "par-1", 3002, true);
  AddTcp(stage, "lon-1", "par-1", 3001, true);
  AddTcp(stage, "lon-2", "par-1", 3001, true).set_observed(v1::REACH_CUT);
  AddTcp(stage, "lon-3", "par-1", 3001, true).set_observed(v1::REACH_UNSPECIFIED);
  const std::vector<TcpGroup> groups = TcpGroupsOf(stage);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].port, 3001u);
  EXPECT_EQ(groups[0].connections, 3u);
  EXPECT_EQ(groups[0].Result(), "NOT as planned: 1");
  EXPECT_EQ(AttemptsText(groups[0].attempts), "12 connected");
  EXPECT_EQ(groups[1].Result(), "as planned");
  EXPECT_EQ((TcpGroup{.connections = 3, .unknown = 2}).Result(), "as planned; 2 not known");
  EXPECT_EQ((TcpGroup{.connections = 3, .unknown = 3}).Result(), "not known");
}

TEST(TcpWordsTest, TheStageSaysSo) {
  EXPECT_EQ(StageText(RunWithPorts(false).stages(1)), "as planned");
  v1::Run run = RunWithPorts(true);
  EXPECT_EQ(StageText(run.stages(1)), "NOT as planned: 1 of 3 connections");
  run.mutable_stages(1)->mutable_edges(0)->set_observed(v1::REACH_OPEN);
  EXPECT_EQ(StageText(run.stages(1)), "NOT as planned: 1 of 4 edges, 1 of 3 connections");
}

TEST(TcpWordsTest, Show) {
  EXPECT_THAT(RenderRun(RunWithPorts(false), {}), HasSubstr(R"(
CONNECTIONS  PORT  PLANNED  TRIED  OBSERVED    ATTEMPTS
one-way      3001  cut      1      as planned  4 timed out
one-way      3001  open     1      as planned  4 connected
one-way      3002  cut      1      as planned  4 timed out
)"));
  const std::string wrong = RenderRun(RunWithPorts(true), {});
  EXPECT_THAT(wrong, HasSubstr("one-way      3002  cut      1      NOT as planned: 1  5 connected\n"
                               "one-way: lon-1 "));
  EXPECT_THAT(wrong, HasSubstr("NOT as planned: 1\n"));
  EXPECT_THAT(RenderRun(SampleRun(), {}), Not(HasSubstr("CONNECTIONS")));
}

TEST(TcpWordsTest, Csv) {
  EXPECT_THAT(RenderCsv(RunWithPorts(true)),
              HasSubstr("split-brain-3,one-way,10,30,lon-1,par-1,IPv4,no,,,4,0,cut,,,yes,3001,0,,,,\n"
                        "split-brain-3,one-way,10,30,par-1,lon-1,IPv4,yes,,,4,4,open,,,yes,3001,0,,,,\n"
                        "split-brain-3,one-way,10,30,lon-1,par-1,IPv4,no,,,5,5,open,,,no,3002,0,,,,\n"));
}

TEST(TcpWordsTest, Junit) {
  const std::string xml = RenderJunit(RunWithPorts(true));
  EXPECT_THAT(xml, HasSubstr("tests=\"6\" failures=\"2\""));
  EXPECT_THAT(xml, HasSubstr("name=\"stage one-way, tcp port 3001 planned cut\" time=\"0\"></testcase>"));
  EXPECT_THAT(xml, HasSubstr("name=\"stage one-way, tcp port 3002 planned cut\" time=\"0\"><failure message=\"NOT as "
                             "planned: 1 of 1 connections: 5 connected\" type=\"NotAsPlanned\">"));
  EXPECT_THAT(xml, HasSubstr("lon-1 → par-1 port 3002 (IPv4) was planned cut but of its attempts 5 connected"));
  v1::Run unknown = RunWithPorts(false);
  for (v1::TcpVerdict& edge : *unknown.mutable_stages(1)->mutable_tcp()) edge.set_observed(v1::REACH_UNSPECIFIED);
  EXPECT_THAT(RenderJunit(unknown), HasSubstr("tests=\"6\" failures=\"0\" errors=\"0\" skipped=\"3\""));
}

TEST(TcpWordsTest, Markdown) {
  const std::string text = RenderMarkdown(RunWithPorts(true));
  EXPECT_THAT(text, HasSubstr("| connections in | port | planned | tried | observed | attempts |\n"));
  EXPECT_THAT(text, HasSubstr("| one-way | 3001 | cut | 1 | as planned | 4 timed out |\n"));
  EXPECT_THAT(text, HasSubstr("| one-way | 3002 | cut | 1 | ❌ NOT as planned: 1 | 5 connected |\n"));
  EXPECT_THAT(text, HasSubstr("- one-way: lon-1 → par-1 port 3002"));
}

TEST(TcpWordsTest, Html) {
  const std::string page = RenderHtml(RunWithPorts(true), {});
  EXPECT_THAT(page, HasSubstr("data-connections=\"3\" data-wrong-connections=\"1\""));
  EXPECT_THAT(page, HasSubstr("data-tcp-port=\"3002\" data-planned=\"cut\" data-wrong=\"1\""));
  EXPECT_THAT(page, HasSubstr("lon-1 → par-1 port 3002 (IPv4) was planned cut but of its attempts 5 connected"));
  EXPECT_THAT(RenderHtml(SampleRun(), {}), Not(HasSubstr("data-tcp-port")));
}

TEST(TcpWordsTest, Compare) {
  const Comparison comparison = CompareRuns(RunWithPorts(false), RunWithPorts(true));
  const auto row = std::ranges::find(comparison.rows, "tcp port 3002 planned cut", &ComparedRow::what);
  ASSERT_NE(row, comparison.rows.end());
  EXPECT_EQ(row->part, "stage one-way");
  EXPECT_EQ(row->a, "as planned");
  EXPECT_EQ(row->b, "NOT as planned: 1");
  EXPECT_TRUE(row->differs);
  EXPECT_FALSE(comparison.SameVerdicts());
  EXPECT_TRUE(CompareRuns(RunWithPorts(true), RunWithPorts(true)).SameVerdicts());
  // A run that dialled nobody was not judged otherwise.
  EXPECT_TRUE(CompareRuns(SampleRun(), RunWithPorts(false)).SameVerdicts());
}

}  // namespace
}  // namespace faultline
