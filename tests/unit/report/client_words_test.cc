// What clients saw, in each form of a report.

#include "controller/report/client_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "controller/report/client_record.h"
#include "controller/report/render_run.h"
#include "controller/report/report_html.h"
#include "controller/report/report_markdown.h"
#include "controller/report/run_words.h"
#include "controller/report/svg_clients.h"
#include "tests/unit/report/client_samples.h"

namespace faultline {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

v1::Run ClientRun() {
  v1::Run run = FullRun();
  AddClients(SampleOperations(), run);
  v1::OperationLines& lines = *run.mutable_captures(0)->mutable_operations();
  lines.set_operations(1340);
  lines.set_accountings(1);
  lines.set_bad(2);
  lines.set_first_bad("line 17: it is no JSON object");
  run.mutable_captures(0)->set_exit_code(0);
  return run;
}

TEST(ClientWordsTest, ShowHasTwoLines) {
  EXPECT_EQ(
      RenderClients(ClientRun(), {}),
      "clients: london 455 acknowledged, 215 failed, first after heal: 100ms; paris 670 acknowledged, 0 failed, first "
      "after heal: 100ms\n"
      "of 1 125 acknowledged writes 1 LOST, 2 extra\n");
  EXPECT_EQ(RenderClients({}, {}), "");
  EXPECT_THAT(RenderRun(ClientRun(), {}), HasSubstr("\n\nclients: london 455"));
  EXPECT_THAT(RenderRun(FullRun(), {}), Not(HasSubstr("clients")));
}

TEST(ClientWordsTest, PageHasCurvesTablesAndHappenings) {
  const std::string page = RenderHtml(ClientRun(), {});
  EXPECT_THAT(page, HasSubstr("<section id=\"clients\"><h2>What clients saw</h2>"));
  EXPECT_THAT(page, HasSubstr("data-client-side=\"london\" data-client-points=\"67\" data-acknowledged=\"455\" "
                              "data-failed=\"215\""));
  EXPECT_THAT(page, AllOf(HasSubstr("<path class=\"curve acknowledged\""), HasSubstr("<path class=\"curve failed\""),
                          HasSubstr("<title>leader lon-1 -&gt; par-2, 33s400ms</title>")));
  // Without the ends of lines between elements.
  const std::string flat = absl::StrReplaceAll(page, {{">\n", ">"}});
  EXPECT_THAT(flat, HasSubstr("<tr data-client-stage=\"split\" data-side=\"london\" data-acknowledged=\"265\" "
                              "data-failed=\"35\"><th scope=\"row\">split</th><td>london</td><td>265</td><td>35</td>"
                              "<td>3s500ms</td><td>3s500ms</td><td>4.00 ms</td><td>4.00 ms</td></tr>"));
  EXPECT_THAT(flat, HasSubstr("<td class=\"bad\">✗ 1 LOST</td><td>670</td><td>669</td><td>1</td><td>0</td>"));
  EXPECT_THAT(flat, HasSubstr("<td class=\"good\">✓ none lost</td>"));
  EXPECT_THAT(flat, HasSubstr("<td>11s</td><td></td><td>leader lost</td>"));
  EXPECT_THAT(page,
              HasSubstr("<p>1 340 operations, 0 happenings, 1 accounting; 2 lines not taken; line 17: it is no JSON "
                        "object</p>"));
  EXPECT_THAT(RenderHtml(FullRun(), {}), Not(HasSubstr("id=\"clients\"")));
}

TEST(ClientWordsTest, MarkdownHasTheSameTables) {
  const std::string text = RenderMarkdown(ClientRun());
  EXPECT_THAT(text, HasSubstr("| split | london | 265 | 35 | 3s500ms | 3s500ms | 4.00 ms | 4.00 ms |\n"));
  EXPECT_THAT(text, HasSubstr("| side | acknowledged | failed | first success after heal |\n"));
  EXPECT_THAT(text, HasSubstr("| paris | ❌ 1 LOST | 670 | 669 | 1 | 0 |\n"));
}

// What was told may not be all: whoever reads of the accounting reads of it.
TEST(ClientWordsTest, AnAccountingThatMayNotBeAllIsNotGood) {
  v1::Run run = ClientRun();
  run.mutable_captures(0)->set_name("writes");
  run.mutable_captures(0)->set_moment("at the end");
  run.mutable_captures(0)->set_exit_code(1);
  const std::string doubt = "observation writes, at the end: exit code 1; what it told may not be all";
  EXPECT_THAT(RenderMarkdown(run),
              AllOf(HasSubstr("| london | ⚠ none lost as far as told | 455 | 455 | 0 | 2 |\n| paris | ❌ 1 LOST |"),
                    HasSubstr("What clients told may not be all:\n\n- " + doubt + "\n")));
  EXPECT_THAT(absl::StrReplaceAll(RenderHtml(run, {}), {{">\n", ">"}}),
              AllOf(HasSubstr("<td class=\"bad\">⚠ none lost as far as told</td>"),
                    HasSubstr("<p class=\"bad\">⚠ " + doubt + "</p>"), Not(HasSubstr("✓ none lost"))));
  run.mutable_clients()->mutable_accountings()->DeleteSubrange(1, 1);
  EXPECT_THAT(RenderClients(run, {}), HasSubstr("of 455 acknowledged writes none lost as far as told, 2 extra\n"));
  run.clear_clients();
  EXPECT_THAT(RenderHtml(run, {}), HasSubstr("id=\"clients\""));
}

TEST(ClientWordsTest, WhatWasToldOfAllSidesCountsOnce) {
  v1::Run run = ClientRun();
  v1::Accounting& all = *run.mutable_clients()->add_accountings();
  all.set_acknowledged(1125);
  all.set_lost(1);
  all.set_extra(2);
  EXPECT_THAT(RenderClients(run, {}), HasSubstr("of 1 125 acknowledged writes 1 LOST, 2 extra\n"));
}

TEST(ClientWordsTest, MarkdownHasHappeningsAsFarAsThereIsRoom) {
  v1::Run run = ClientRun();
  EXPECT_THAT(RenderMarkdown(run), HasSubstr("| after T0 | side | what happened |\n| --- | --- | --- |\n"
                                             "| 11s |  | leader lost |\n"
                                             "| 33s400ms | london | leader lon-1 -\\> par-2 |\n"));
  for (int i = 0; i < 60; ++i) run.mutable_clients()->add_happenings()->set_text("again");
  EXPECT_THAT(RenderMarkdown(run), HasSubstr("and 22 rows more\n"));
}

TEST(ClientWordsTest, ACurveIsWithoutPointsThatAreKnownInPart) {
  v1::Run run = ClientRun();
  v1::Clients& clients = *run.mutable_clients();
  EXPECT_DOUBLE_EQ(MostPerSecond(clients), 10);
  for (v1::ClientSide& side : *clients.mutable_sides()) {
    side.set_acknowledged_points(0, 1000);
    side.set_acknowledged_points(side.acknowledged_points_size() - 1, 1000);
  }
  EXPECT_DOUBLE_EQ(MostPerSecond(clients), 1000);
  const Duration until = *Decoded(clients.until());
  *clients.mutable_from() = EncodeDuration(*Decoded(clients.from()) + std::chrono::milliseconds(500));
  *clients.mutable_until() = EncodeDuration(until - std::chrono::milliseconds(500));
  EXPECT_DOUBLE_EQ(MostPerSecond(clients), 10);
}

TEST(ClientWordsTest, FiguresOfWideCellsSaySo) {
  v1::Run run = ClientRun();
  EXPECT_EQ(WidthText(run.clients()), "");
  *run.mutable_clients()->mutable_width() = EncodeDuration(std::chrono::milliseconds(200));
  const std::string words = "they are counted by 200ms: figures and times are no more exact than that";
  EXPECT_THAT(RenderHtml(run, {}), HasSubstr(words));
  EXPECT_THAT(RenderMarkdown(run), HasSubstr(words));
}

TEST(ClientWordsTest, NothingOthersWroteIsMarkup) {
  v1::Run run = ClientRun();
  const std::string hostile = "</script><script>alert(1)</script>\x1b[2J";
  v1::Clients& clients = *run.mutable_clients();
  clients.mutable_sides(0)->set_side(hostile);
  clients.mutable_stages(0)->set_stage(hostile);
  clients.mutable_stages(0)->set_side(hostile);
  clients.mutable_happenings(0)->set_text(hostile);
  clients.mutable_happenings(0)->set_side(hostile);
  clients.mutable_accountings(0)->set_side(hostile);
  run.mutable_captures(0)->mutable_operations()->set_first_bad(hostile);
  EXPECT_THAT(RenderHtml(run, {}), AllOf(Not(HasSubstr("<script")), Not(HasSubstr("\x1b"))));
  const std::string markdown = RenderMarkdown(run);
  EXPECT_THAT(markdown, AllOf(HasSubstr("\\<script\\>"), Not(HasSubstr("\x1b"))));
  EXPECT_THAT(RenderRun(run, {}), Not(HasSubstr("\x1b")));
}

TEST(ClientWordsTest, ASideWithoutSuccessHasWordsForIt) {
  v1::Clients clients = ClientRun().clients();
  clients.mutable_sides(0)->clear_first_after_heal();
  clients.mutable_stages(0)->clear_first_acknowledged();
  EXPECT_THAT(ClientSidesOf(clients).rows[0], ElementsAre("london", "455", "215", "none came"));
  EXPECT_EQ(ClientStagesOf(clients).rows[0][5], "none came");
  clients.clear_healed();
  EXPECT_THAT(ClientSidesOf(clients).rows[0], ElementsAre("london", "455", "215", "-"));
}

}  // namespace
}  // namespace faultline
