#include "controller/report/report_html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "absl/strings/str_cat.h"
#include "controller/report/markup.h"
#include "controller/report/svg_axis.h"
#include "controller/report/svg_chart.h"
#include "tests/unit/report/full_run.h"

namespace faultline {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// The elements that a page opens and never closes, or closes and never opened; empty when it is well-nested.
std::string Misnested(const std::string& page) {
  static const std::regex kTag("<(/?)([a-zA-Z0-9]+)[^<>]*?(/?)>");
  std::vector<std::string> open;
  for (std::sregex_iterator tag(page.begin(), page.end(), kTag), end; tag != end; ++tag) {
    if ((*tag)[3].length() > 0) continue;
    if ((*tag)[1].length() == 0) {
      open.push_back((*tag)[2]);
    } else if (open.empty() || open.back() != (*tag)[2].str()) {
      return absl::StrCat("</", (*tag)[2].str(), ">");
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : absl::StrCat("<", open.back(), ">");
}

std::size_t CountOf(const std::string& page, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = page.find(part); at != std::string::npos; at = page.find(part, at + 1)) ++count;
  return count;
}

TEST(ReportHtmlTest, SaysTheVerdictFirst) {
  const std::string page = RenderHtml(SampleRun(), {});
  EXPECT_THAT(page, HasSubstr("<p class=\"verdict good\">✓ Verified: every observation equalled the plan: 2 stages, 8 "
                              "edges.</p>"));
  EXPECT_THAT(page, HasSubstr("<body data-run=\"split-brain-3\" data-state=\"RUN_STATE_ENDED\" "
                              "data-outcome=\"OUTCOME_VERIFIED\">"));
  EXPECT_THAT(RenderHtml(FullRun(), {}), HasSubstr("<p class=\"verdict bad\">✗ NOT verified: quiet.</p>"));
}

TEST(ReportHtmlTest, HasEveryPart) {
  const std::string page = RenderHtml(FullRun(), {});
  for (const char* id :
       {"timeline", "stages", "curves", "captures", "expectations", "guards", "nodes", "reproduce", "events"}) {
    EXPECT_THAT(page, HasSubstr(absl::StrCat("<section id=\"", id, "\">")));
  }
  EXPECT_EQ(Misnested(page), "");
  EXPECT_EQ(CountOf(page, "<table class=\"matrix\""), 4u);
  EXPECT_EQ(CountOf(page, "<svg class=\"chart\""), 1u);
  EXPECT_EQ(CountOf(page, "<svg class=\"timeline\""), 1u);
}

TEST(ReportHtmlTest, CarriesTheRecordsFigures) {
  const std::string page = RenderHtml(FullRun(), {});
  EXPECT_THAT(page, HasSubstr("<tr data-step=\"one-way\" data-fired-late-ns=\"350000\" data-healed-late-ns=\"420000\" "
                              "data-skew-ns=\"250000\" data-packets=\"180\">"));
  EXPECT_THAT(page, HasSubstr("data-stage=\"one-way\" data-agrees=\"true\" data-edges=\"4\" data-wrong=\"0\""));
  EXPECT_THAT(page, HasSubstr("<td class=\"cut\" title=\"lon-1 → par-1: IPv4 0 of 12 arrived; IPv6 0 of 12 arrived\" "
                              "data-from=\"lon-1\" data-to=\"par-1\" data-ipv4=\"0/12\" data-ipv6=\"0/12\">█</td>"));
  EXPECT_THAT(page, HasSubstr("data-from=\"london\" data-to=\"paris\" data-family=\"IPv6\" data-points=\"66\" "
                              "data-sent=\"132\" data-received=\"92\" data-most-delay-us=\"400\""));
  EXPECT_THAT(page, HasSubstr("<td>6.1.0-38</td>"));
  EXPECT_THAT(page, HasSubstr("<b>before one-way</b><div>at 9.9 s</div>"));
}

TEST(ReportHtmlTest, NothingOthersWroteBecomesMarkup) {
  const std::string hostile = "</script></pre></style><script>alert(1)</script>\"><img src=x onerror='alert(2)'>\x1b";
  v1::Run run = FullRun(hostile);
  run.set_id(hostile);
  run.set_step_names(0, hostile);
  run.mutable_stages(1)->set_name(hostile);
  run.mutable_stages(1)->mutable_edges(0)->set_from(hostile);
  run.mutable_nodes(0)->set_node(hostile);
  run.mutable_groups(0)->set_name(hostile);
  run.mutable_series(0)->set_from(hostile);
  run.mutable_captures(0)->set_output(std::string("\x00\xff</pre>\xe2\x82", 10));
  const std::string page = RenderHtml(run, {});
  EXPECT_THAT(page, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("<img")), Not(HasSubstr("\x1b"))));
  EXPECT_EQ(page.find('\0'), std::string::npos);
  EXPECT_EQ(WellFormed(page), page);
  EXPECT_EQ(Misnested(page), "");
  EXPECT_THAT(page, HasSubstr("<pre>␀\uFFFD&lt;/pre&gt;\uFFFD\uFFFD</pre>"));
}

TEST(ReportHtmlTest, NeedsNothingFromOutside) {
  const std::string page = RenderHtml(FullRun(), {});
  EXPECT_FALSE(std::regex_search(page, std::regex("(src|href)=\"(?!data:)")));
  EXPECT_THAT(page, AllOf(Not(HasSubstr("@import")), Not(HasSubstr("url(")), Not(HasSubstr("http:")),
                          Not(HasSubstr("https:"))));
}

TEST(ReportHtmlTest, LargeFleetsAreShownByGroups) {
  v1::Run run = SampleRun();
  *run.mutable_stages(1) = OneWayStage(40);
  const std::string page = RenderHtml(run, {});
  EXPECT_THAT(page, HasSubstr("<th scope=\"row\">lon-1..lon-40 (40)</th>"));
  EXPECT_LT(page.size(), 60'000u);
}

TEST(ReportHtmlTest, NamesTheEdgesThatWereNotAsPlanned) {
  v1::Run run = SampleRun();
  SetObserved(*run.mutable_stages(1), "lon-1", "par-1", v1::FAMILY_IPV4, v1::REACH_OPEN, 12);
  const std::string page = RenderHtml(run, {});
  EXPECT_THAT(page, HasSubstr("<li>lon-1 → par-1 (IPv4) was planned cut but 12 of 12 probes arrived</li>"));
  EXPECT_THAT(page, HasSubstr("<td class=\"partly wrong\""));
  EXPECT_THAT(page, HasSubstr(">4!</td>"));
}

TEST(ReportHtmlTest, WorksForRunsInAnyState) {
  v1::Run run;
  EXPECT_EQ(Misnested(RenderHtml(run, {})), "");
  run.set_id("split-brain-4");
  run.set_state(v1::RUN_STATE_ARMING);
  run.add_step_names("split");
  run.add_schedule()->set_name("split");
  EXPECT_THAT(RenderHtml(run, {}), AllOf(HasSubstr("… Arming."), HasSubstr("split: not yet observed")));
  run.set_state(v1::RUN_STATE_ENDED);
  run.set_outcome(v1::OUTCOME_REFUSED);
  run.set_summary("node par-1 refused");
  EXPECT_THAT(RenderHtml(run, {}), AllOf(HasSubstr("✗ Refused: node par-1 refused."), HasSubstr("never fired")));
}

TEST(ReportHtmlTest, MalformedSeriesDoNoHarm) {
  v1::Run run = FullRun();
  run.mutable_series(0)->mutable_received()->Truncate(3);
  run.mutable_series(1)->clear_step();
  run.mutable_series(1)->mutable_start()->set_nanos(2'000'000'000);
  const std::string page = RenderHtml(run, {});
  EXPECT_EQ(Misnested(page), "");
  EXPECT_THAT(page, HasSubstr("data-points=\"3\""));
}

TEST(SvgAxisTest, ScalesAreRound) {
  const auto scale = [](double most) { return std::pair(ScaleFor(most).top, ScaleFor(most).step); };
  EXPECT_EQ(scale(1), std::pair(1.0, 0.2));
  EXPECT_EQ(scale(87), std::pair(100.0, 20.0));
  EXPECT_EQ(scale(100), std::pair(100.0, 20.0));
  EXPECT_EQ(scale(1201), std::pair(1250.0, 250.0));
}

TEST(SvgAxisTest, MomentsBeyondTheEndsStayWithin) {
  const TimeAxis axis = {.extent = {.start = -seconds(2), .end = seconds(8)}, .left = 100, .width = 200};
  EXPECT_EQ(axis.X(-seconds(2)), 100);
  EXPECT_EQ(axis.X(seconds(3)), 200);
  EXPECT_EQ(axis.X(seconds(99)), 300);
  EXPECT_EQ(axis.X(-seconds(99)), 100);
}

TEST(SvgChartTest, GapsWhereNothingIsKnown) {
  v1::Run run;
  v1::LinkSeries& series = *run.add_series();
  series.set_from("a");
  series.set_to("b");
  series.set_family(v1::FAMILY_IPV4);
  *series.mutable_step() = EncodeDuration(seconds(1));
  for (const auto& [sent, received, delay] :
       {std::tuple(4u, 4u, 50'000u), std::tuple(4u, 2u, 100'000u), std::tuple(0u, 0u, 0u), std::tuple(4u, 0u, 0u)}) {
    series.add_sent(sent);
    series.add_received(received);
    series.add_mean_delay_us(delay);
  }
  MarkupWriter out;
  WriteChart(CurvesOf(run).front(), {}, {.start = Duration(0), .end = seconds(4)}, out);
  const std::string svg = out.Take();
  // Each point is 105.5 wide; none lost is at the bottom of the upper plot, all at its top.
  EXPECT_THAT(svg, HasSubstr("d=\"M46.0 86.0H151.5V47.0H257.0M362.5 8.0H468.0\""));
  EXPECT_THAT(svg, HasSubstr("d=\"M46.0 139.0H151.5V100.0H257.0\""));
}

TEST(SvgChartTest, BothIpVersionsShareAPicture) {
  const v1::Run run = FullRun();
  const std::vector<LinkCurves> curves = CurvesOf(run);
  ASSERT_EQ(curves.size(), 1u);
  EXPECT_EQ(curves[0].ipv4, &run.series(0));
  EXPECT_EQ(curves[0].ipv6, &run.series(1));
}

TEST(StepWindowsTest, BySchedule) {
  v1::Run run = FullRun();
  run.mutable_schedule(1)->set_name("one-way+split");
  const std::vector<StepWindow> windows = StepWindowsOf(run);
  ASSERT_EQ(windows.size(), 2u);
  EXPECT_EQ(windows[1].name, "split");
  EXPECT_EQ(windows[1].start, seconds(10));
  EXPECT_EQ(windows[1].end, seconds(60));
  EXPECT_EQ(windows[0].fired, seconds(10) + std::chrono::microseconds(100));
  EXPECT_EQ(windows[0].healed, seconds(30) + std::chrono::microseconds(420));
  EXPECT_EQ(ExtentOf(run).start, -seconds(3));
  EXPECT_EQ(ExtentOf(run).end, seconds(63));
}

}  // namespace
}  // namespace faultline
