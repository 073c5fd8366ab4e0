#include "controller/report/residue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/report/render_run.h"
#include "controller/report/report_html.h"
#include "controller/report/report_junit.h"
#include "controller/report/report_markdown.h"
#include "controller/report/run_events.h"
#include "tests/unit/report/run_samples.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

void SetResidue(v1::Run& run, int node, v1::ResidueFinding finding, const std::vector<std::string>& things = {}) {
  v1::ResidueProof& proof = *run.mutable_nodes(node)->mutable_outcome()->mutable_residue();
  proof.set_finding(finding);
  proof.mutable_things()->Assign(things.begin(), things.end());
}

// Of lon-1 and par-1.
v1::Run RunWith(v1::ResidueFinding london, v1::ResidueFinding paris, const std::vector<std::string>& of_paris = {}) {
  v1::Run run = SampleRun();
  SetResidue(run, 0, london);
  SetResidue(run, 1, paris, of_paris);
  return run;
}

constexpr char kChange[] = "chain input of table inet fw: 12 rules before, 13 now";

TEST(ResidueTest, WithoutItNothingIsLeft) {
  const v1::Run run = RunWith(v1::RESIDUE_FINDING_EQUAL, v1::RESIDUE_FINDING_EQUAL);
  EXPECT_EQ(SummarizeResidue(run), "no residue on 2 of 2 nodes");
  EXPECT_THAT(ResidueLeft(run), IsEmpty());
  EXPECT_THAT(ResidueUnknown(run), IsEmpty());
  EXPECT_THAT(ResidueNotes(run), IsEmpty());
  EXPECT_THAT(RenderJunit(run), HasSubstr("name=\"residue\" time=\"0\"></testcase>"));
  EXPECT_THAT(RenderRun(run, {}), HasSubstr("±0.08 ms  none"));
  EXPECT_THAT(RenderHtml(run, {}), HasSubstr("<td class=\"good\">✓ none</td>"));
  EXPECT_THAT(RenderEvents(run, {}),
              HasSubstr("\"end\": \"completed\", \"detail\": \"\", \"packets\": 0, \"residue\": \"equal\""));
}

TEST(ResidueTest, WhatOthersChangedIsANote) {
  const v1::Run run = RunWith(v1::RESIDUE_FINDING_EQUAL, v1::RESIDUE_FINDING_CHANGED, {kChange});
  EXPECT_EQ(SummarizeResidue(run), "no residue on 2 of 2 nodes");
  EXPECT_THAT(ResidueNotes(run), ElementsAre(std::string("on par-1 others changed: ") + kChange));
  EXPECT_THAT(RenderJunit(run), HasSubstr("name=\"residue\" time=\"0\"></testcase>"));
  EXPECT_THAT(RenderRun(run, {}), HasSubstr("none, others changed 1"));
}

TEST(ResidueTest, WhatIsLeftIsNamedEverywhere) {
  v1::Run run = RunWith(v1::RESIDUE_FINDING_EQUAL, v1::RESIDUE_FINDING_LEFT, {"device fl0", "table netdev faultline"});
  EXPECT_EQ(SummarizeResidue(run), "no residue on 1 of 2 nodes");
  EXPECT_THAT(ResidueLeft(run), ElementsAre("par-1: device fl0, table netdev faultline"));
  EXPECT_THAT(RenderJunit(run),
              HasSubstr("name=\"residue\" time=\"0\"><failure message=\"par-1: device fl0, table netdev faultline\" "
                        "type=\"Residue\">"));
  EXPECT_THAT(RenderRun(run, {}), HasSubstr("LEFT: device fl0, table netdev faultline"));
  EXPECT_THAT(RenderHtml(run, {}), HasSubstr("<td class=\"bad\">✗ LEFT: device fl0, table netdev faultline</td>"));
  EXPECT_THAT(RenderHtml(run, {}), HasSubstr("data-residue=\"RESIDUE_FINDING_LEFT\""));
  EXPECT_THAT(RenderMarkdown(run), HasSubstr("Left behind:\n\n- par-1: device fl0, table netdev faultline\n"));
  EXPECT_THAT(RenderEvents(run, {}), HasSubstr("\"residue\": \"left\""));
}

TEST(ResidueTest, TheFirstThingsAreNamed) {
  v1::Run run = RunWith(v1::RESIDUE_FINDING_EQUAL, v1::RESIDUE_FINDING_CHANGED, {"a", "b", "c", "d", "e", "f", "g"});
  run.mutable_nodes(1)->mutable_outcome()->mutable_residue()->set_more(10);
  EXPECT_THAT(ResidueNotes(run), ElementsAre("on par-1 others changed: a, b, c, d, e and 12 more"));
  EXPECT_EQ(ResidueText(run.nodes(1).outcome()), "none, others changed 17");
}

TEST(ResidueTest, WhatIsNotKnownIsNoProof) {
  v1::Run run = RunWith(v1::RESIDUE_FINDING_EQUAL, v1::RESIDUE_FINDING_UNKNOWN, {"after the run: too slow"});
  EXPECT_EQ(SummarizeResidue(run), "no residue on 1 of 2 nodes");
  EXPECT_THAT(ResidueUnknown(run), ElementsAre("par-1: after the run: too slow"));
  EXPECT_THAT(RenderJunit(run), HasSubstr("name=\"residue\" time=\"0\"><skipped message=\"not known: par-1: after the "
                                          "run: too slow\"/>"));
  run.mutable_nodes(1)->mutable_outcome()->clear_residue();
  EXPECT_THAT(ResidueUnknown(run), ElementsAre("par-1: it did not tell"));
  EXPECT_THAT(RenderHtml(run, {}), HasSubstr("<td>-</td>"));
}

TEST(ResidueTest, WhereNobodyLookedNothingIsSaid) {
  const v1::Run run = SampleRun();
  EXPECT_FALSE(ResidueSought(run));
  EXPECT_THAT(RenderJunit(run), Not(HasSubstr("residue")));
  EXPECT_THAT(RenderMarkdown(run), Not(HasSubstr("Left behind")));
}

}  // namespace
}  // namespace faultline
