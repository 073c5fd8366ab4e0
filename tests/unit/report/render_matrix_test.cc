#include "controller/report/render_matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "controller/report/text_table.h"
#include "tests/unit/report/stage_samples.h"

namespace faultline {
namespace {

using ::testing::HasSubstr;

v1::StageVerdict LeakingStage() {
  v1::StageVerdict stage = OneWayStage(3);
  SetObserved(stage, "lon-1", "par-2", v1::FAMILY_IPV4, v1::REACH_OPEN, 12);
  SetObserved(stage, "lon-1", "par-3", v1::FAMILY_IPV6, v1::REACH_LOSSY, 2);
  SetObserved(stage, "par-1", "par-2", v1::FAMILY_IPV6, v1::REACH_UNSPECIFIED, 2);
  return stage;
}

std::size_t WidestLine(const std::string& text) {
  std::size_t widest = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) widest = std::max(widest, WidthOf(line));
  return widest;
}

TEST(RenderMatrixTest, PlannedBesideObserved) {
  EXPECT_EQ("\n" + RenderMatrix(OneWayStage(3), {}), R"(
one-way  10s to 30s  as planned
           planned                                observed
from \ to  lon-1 lon-2 lon-3 par-1 par-2 par-3    lon-1 lon-2 lon-3 par-1 par-2 par-3
lon-1      -     ·     ·     █     █     █        -     ·     ·     █     █     █
lon-2      ·     -     ·     █     █     █        ·     -     ·     █     █     █
lon-3      ·     ·     -     █     █     █        ·     ·     -     █     █     █
par-1      ·     ·     ·     -     ·     ·        ·     ·     ·     -     ·     ·
par-2      ·     ·     ·     ·     -     ·        ·     ·     ·     ·     -     ·
par-3      ·     ·     ·     ·     ·     -        ·     ·     ·     ·     ·     -
· arrives   █ cut
)");
}

TEST(RenderMatrixTest, WhatIsNotAsPlannedIsMarked) {
  EXPECT_EQ("\n" + RenderMatrix(LeakingStage(), {}), R"(
one-way  10s to 30s  NOT as planned: 3 of 60 edges
           planned                                observed
from \ to  lon-1 lon-2 lon-3 par-1 par-2 par-3    lon-1 lon-2 lon-3 par-1 par-2 par-3
lon-1      -     ·     ·     █     █     █        -     ·     ·     █     4!    ~!
lon-2      ·     -     ·     █     █     █        ·     -     ·     █     █     █
lon-3      ·     ·     -     █     █     █        ·     ·     -     █     █     █
par-1      ·     ·     ·     -     ·     ·        ·     ·     ·     -     ?!    ·
par-2      ·     ·     ·     ·     -     ·        ·     ·     ·     ·     -     ·
par-3      ·     ·     ·     ·     ·     -        ·     ·     ·     ·     ·     -
· arrives   █ cut   ~ some lost   4 only IPv4 arrives   ? not known   ! not as planned
)");
}

TEST(RenderMatrixTest, Ascii) {
  v1::StageVerdict stage = OneWayStage(1);
  SetObserved(stage, "par-1", "lon-1", v1::FAMILY_IPV4, v1::REACH_CUT, 0);
  EXPECT_EQ("\n" + RenderMatrix(stage, {.utf8 = false}), R"(
one-way  10s to 30s  NOT as planned: 1 of 4 edges
           planned        observed
from \ to  lon-1 par-1    lon-1 par-1
lon-1      -     x        -     x
par-1      .     -        6!    -
. arrives   x cut   6 only IPv6 arrives   ! not as planned
)");
}

TEST(RenderMatrixTest, ColourMarksWithoutMovingAnything) {
  const std::string plain = RenderMatrix(LeakingStage(), {});
  std::string colored = RenderMatrix(LeakingStage(), {.color = true});
  EXPECT_THAT(colored, HasSubstr("\x1b[1;31m4!\x1b[0m"));
  EXPECT_THAT(colored, HasSubstr("\x1b[1;31mNOT as planned: 3 of 60 edges\x1b[0m"));
  for (const std::string code : {"\x1b[1;31m", "\x1b[0m"}) {
    for (std::size_t at = 0; (at = colored.find(code)) != std::string::npos;) colored.erase(at, code.size());
  }
  EXPECT_EQ(colored, plain);
  EXPECT_THAT(RenderMatrix(OneWayStage(1), {.color = true}), HasSubstr("\x1b[32mas planned\x1b[0m"));
}

TEST(RenderMatrixTest, ThePlanAlone) {
  EXPECT_EQ("\n" + RenderPlannedMatrix(OneWayStage(1), {}), R"(
one-way  10s to 30s
           planned
from \ to  lon-1 par-1
lon-1      -     █
par-1      ·     -
· arrives   █ cut
)");
}

TEST(RenderMatrixTest, NumbersWhereNamesDoNotFit) {
  EXPECT_EQ("\n" + RenderMatrix(LeakingStage(), {.width = 60}), R"(
one-way  10s to 30s  NOT as planned: 3 of 60 edges
           planned              observed
from \ to  1  2  3  4  5  6     1  2  3  4  5  6
1 lon-1    -  ·  ·  █  █  █     -  ·  ·  █  4! ~!
2 lon-2    ·  -  ·  █  █  █     ·  -  ·  █  █  █
3 lon-3    ·  ·  -  █  █  █     ·  ·  -  █  █  █
4 par-1    ·  ·  ·  -  ·  ·     ·  ·  ·  -  ?! ·
5 par-2    ·  ·  ·  ·  -  ·     ·  ·  ·  ·  -  ·
6 par-3    ·  ·  ·  ·  ·  -     ·  ·  ·  ·  ·  -
· arrives   █ cut   ~ some lost   4 only IPv4 arrives
? not known   ! not as planned
)");
}

TEST(RenderMatrixTest, OneBelowTheOtherWhereNumbersDoNotFitEither) {
  EXPECT_EQ("\n" + RenderMatrix(OneWayStage(1), {.width = 20}), R"(
one-way  10s to 30s  as planned
           planned
from \ to  1  2
1 lon-1    -  █
2 par-1    ·  -
           observed
from \ to  1  2
1 lon-1    -  █
2 par-1    ·  -
· arrives   █ cut
)");
}

TEST(RenderMatrixTest, SixNodesFitWhateverTheirNames) {
  for (const bool utf8 : {true, false}) {
    for (std::size_t length = 1; length <= 64; ++length) {
      std::vector<std::string> nodes;
      for (int i = 1; i <= 6; ++i) nodes.push_back(absl::StrCat(std::string(length - 1, 'n'), i));
      const v1::StageVerdict stage = StageAsPlanned(nodes, [](const std::string&, const std::string&) { return true; });
      const std::string text = RenderMatrix(stage, {.utf8 = utf8});
      EXPECT_LE(WidestLine(text), 100u) << length;
      EXPECT_EQ(std::ranges::count(text, '\n'), 10) << text;
    }
  }
}

TEST(RenderMatrixTest, LongNamesAreShortenedOnlyWhileTheyTellApart) {
  const auto render = [](const std::string& a, const std::string& b) {
    return RenderMatrix(StageAsPlanned({a, b}, [](const std::string&, const std::string&) { return true; }), {});
  };
  const std::string filler(30, 'x');
  EXPECT_THAT(render("a" + filler + filler, "b" + filler + filler), HasSubstr("1 a" + std::string(18, 'x') + "…"));
  EXPECT_THAT(render(filler + "a" + filler, filler + "b" + filler), HasSubstr("1 " + filler + "a" + filler + "  "));
}

TEST(RenderMatrixTest, LargeFleetsShowThoseAlikeTogether) {
  v1::StageVerdict stage = OneWayStage(10);
  SetObserved(stage, "lon-3", "par-2", v1::FAMILY_IPV4, v1::REACH_OPEN, 12);
  EXPECT_EQ("\n" + RenderMatrix(stage, {}), R"(
one-way  10s to 30s  NOT as planned: 1 of 760 edges
                    planned        observed
from \ to           1  2  3  4     1  2  3  4
1 lon-1 and 8 more  ·  ·  █  █     ·  ·  █  █
2 lon-3             ·  -  █  █     ·  -  █  4!
3 par-1 and 8 more  ·  ·  ·  ·     ·  ·  ·  ·
4 par-2             ·  ·  ·  -     ·  ·  ·  -
lon-1 and 8 more: lon-1..lon-2 lon-4..lon-10
par-1 and 8 more: par-1 par-3..par-10
· arrives   █ cut   4 only IPv4 arrives   ! not as planned
)");
}

TEST(RenderMatrixTest, DelaysStandInTheCells) {
  EXPECT_EQ("\n" + RenderMatrix(FarStage(3, std::chrono::milliseconds(80), 0), {.width = 80}), R"(
far  10s to 30s  as planned
           planned                          observed
from \ to  1    2    3    4    5    6       1    2    3    4    5    6
1 lon-1    -    ·    ·    80ms 80ms 80ms    -    ·    ·    80ms 80ms 80ms
2 lon-2    ·    -    ·    80ms 80ms 80ms    ·    -    ·    80ms 80ms 80ms
3 lon-3    ·    ·    -    80ms 80ms 80ms    ·    ·    -    80ms 80ms 80ms
4 par-1    80ms 80ms 80ms -    ·    ·       80ms 80ms 80ms -    ·    ·
5 par-2    80ms 80ms 80ms ·    -    ·       80ms 80ms 80ms ·    -    ·
6 par-3    80ms 80ms 80ms ·    ·    -       80ms 80ms 80ms ·    ·    -
· arrives   ms added delay
)");
}

v1::StageVerdict OddStage() {
  using std::chrono::milliseconds;
  v1::StageVerdict stage = FarStage(2, milliseconds(80), 0.01);
  for (const v1::Family family : {v1::FAMILY_IPV4, v1::FAMILY_IPV6}) {
    v1::EdgeVerdict& slow = EdgeOf(stage, "lon-1", "par-1", family);
    *slow.mutable_observed_delay() = EncodeDuration(milliseconds(21));
    slow.set_delay(v1::JUDGEMENT_OFF);
    v1::EdgeVerdict& untold = EdgeOf(stage, "lon-1", "par-2", family);
    untold.clear_observed_delay();
    untold.clear_delay();
    v1::EdgeVerdict& cut = EdgeOf(stage, "lon-2", "par-1", family);
    cut.set_observed(v1::REACH_CUT);
    cut.set_received(0);
    cut.set_share(v1::JUDGEMENT_OFF);
    EdgeOf(stage, "lon-2", "par-2", family).set_share(v1::JUDGEMENT_UNSPECIFIED);
    SetImpaired(stage, "lon-1", "lon-2", family, Duration(0), 0);
    EdgeOf(stage, "par-2", "par-1", family).set_unseen(true);
  }
  SetImpaired(stage, "lon-2", "lon-1", v1::FAMILY_IPV4, Duration(0), 0.4);
  stage.set_agrees(false);
  return stage;
}

TEST(RenderMatrixTest, WhatBecomesOfAnImpairment) {
  EXPECT_EQ("\n" + RenderMatrix(OddStage(), {}), R"(
far  10s to 30s  NOT as planned: 6 of 24 edges
           planned                                observed
from \ to  lon-1    lon-2    par-1    par-2       lon-1    lon-2    par-1    par-2
lon-1      -        ≈        80ms 1%  80ms 1%     -        ≈        21ms 1%! ?ms 1%
lon-2      4:40%    -        80ms 1%  80ms 1%     4:40%    -        █!       ?!
par-1      80ms 1%  80ms 1%  -        ·           80ms 1%  80ms 1%  -        ·
par-2      80ms 1%  80ms 1%  ○        -           80ms 1%  80ms 1%  ·        -
· arrives   ○ arrives; its faults are on other packets   █ cut   ≈ impaired   ? not known
ms added delay   % lost   4: IPv4 alone   6: IPv6 alone   ! not as planned
)");
}

// A figure that was not planned stands there when it is what is wrong.
TEST(RenderMatrixTest, WhatWasNotPlannedIsShownWhereItIsWrong) {
  v1::StageVerdict stage = FarStage(1, std::chrono::milliseconds(80), 0);
  v1::StageVerdict lossy = FarStage(1, Duration(0), 0.5);
  for (const v1::Family family : {v1::FAMILY_IPV4, v1::FAMILY_IPV6}) {
    v1::EdgeVerdict& loses = EdgeOf(stage, "lon-1", "par-1", family);
    loses.set_share(v1::JUDGEMENT_OFF);
    loses.set_received(60);
    v1::EdgeVerdict& delays = EdgeOf(lossy, "lon-1", "par-1", family);
    delays.set_delay(v1::JUDGEMENT_OFF);
    *delays.mutable_observed_delay() = EncodeDuration(std::chrono::milliseconds(30));
  }
  EXPECT_THAT(RenderMatrix(stage, {}), HasSubstr("lon-1      -         80ms         -         80ms 40%!\n"));
  EXPECT_THAT(RenderMatrix(lossy, {}), HasSubstr("lon-1      -         50%          -         30ms 50%!\n"));
}

TEST(RenderMatrixTest, ImpairmentsInAscii) {
  const std::string text = RenderMatrix(OddStage(), {.utf8 = false});
  EXPECT_TRUE(std::ranges::all_of(text, [](unsigned char c) { return c < 128; }));
  EXPECT_THAT(text, HasSubstr("o arrives; its faults are on other packets   x cut   = impaired"));
}

TEST(RenderMatrixTest, LargeFleetsShowMeanFigures) {
  using std::chrono::milliseconds;
  v1::StageVerdict stage = FarStage(10, milliseconds(80), 0);
  int n = 0;
  for (v1::EdgeVerdict& edge : *stage.mutable_edges()) {
    if (edge.has_planned_delay()) *edge.mutable_observed_delay() = EncodeDuration(milliseconds(80 + n++ % 9));
  }
  EXPECT_EQ("\n" + RenderMatrix(stage, {}), R"(
far  10s to 30s  as planned
                    planned                                  observed
from \ to           lon-1..lon-10 (10) par-1..par-10 (10)    lon-1..lon-10 (10) par-1..par-10 (10)
lon-1..lon-10 (10)  ·                  80ms                  ·                  84ms
par-1..par-10 (10)  80ms               ·                     84ms               ·
· arrives   ms added delay
)");
}

TEST(RenderMatrixTest, TheHeadingSaysHowFarAVerdictGoes) {
  v1::StageVerdict stage = FarStage(1, std::chrono::milliseconds(80), 0);
  for (v1::EdgeVerdict& edge : *stage.mutable_edges()) edge.clear_delay();
  EXPECT_THAT(RenderMatrix(stage, {}), HasSubstr("far  10s to 30s  as planned; not every delay was judged\n"));
  stage = OpenStage(1);
  stage.set_unseen(true);
  EXPECT_THAT(RenderMatrix(stage, {}), HasSubstr("as planned; no probe sees its faults\n"));
  stage.set_matched(12'345);
  EXPECT_THAT(RenderMatrix(stage, {}), HasSubstr("as planned: 12 345 packets met what no probe sees\n"));
  stage.set_matched(0);
  EXPECT_THAT(RenderMatrix(stage, {}), HasSubstr("NOT as planned: no packet met its faults\n"));
}

TEST(RenderMatrixTest, AStageWithoutEdges) {
  v1::StageVerdict stage;
  stage.set_name("baseline");
  EXPECT_EQ(RenderMatrix(stage, {}), "baseline  0s to 0s  no two nodes can probe each other\n");
}

TEST(RenderMatrixTest, NodesEachWhereTheyFitTheWidth) {
  const v1::StageVerdict stage = OneWayStage(10);
  const std::string alike = RenderMatrix(stage, {.width = 100});
  EXPECT_THAT(alike, HasSubstr("lon-1..lon-10 (10)"));
  EXPECT_EQ(RenderMatrix(stage, {.width = 100}, MatrixRows::kNodesThatFit), alike);
  EXPECT_EQ(RenderMatrix(stage, {.width = 200}), RenderMatrix(stage, {.width = 200}, MatrixRows::kAlike));
  const std::string each = RenderMatrix(stage, {.width = 200}, MatrixRows::kNodesThatFit);
  EXPECT_THAT(each, HasSubstr("20 par-10"));
  EXPECT_EQ(RenderMatrix(stage, {.width = 200}, MatrixRows::kNodes), each);
  EXPECT_THAT(RenderMatrix(stage, {.width = 100}, MatrixRows::kNodes), HasSubstr("20 par-10"));
}

TEST(RenderMatrixTest, ByGroups) {
  v1::StageVerdict stage = OneWayStage(3);
  SetObserved(stage, "lon-1", "par-2", v1::FAMILY_IPV4, v1::REACH_OPEN, 12);
  std::map<std::string, std::string> cities;
  for (const std::string& node : LondonAndParis(3)) cities[node] = IsLondon(node) ? "London" : "巴黎";
  EXPECT_EQ("\n" + RenderGroupedMatrix(stage, cities, {.width = 80}), R"(
one-way  10s to 30s  NOT as planned: 1 of 60 edges
            planned                  observed
from \ to   London (3) 巴黎 (3)      London (3) 巴黎 (3)
London (3)  ·          █             ·          0/9!
巴黎 (3)    ·          ·             ·          ·
· arrives   █ cut   1/2 so many of so many edges open   ! not as planned
)");
}

TEST(RenderMatrixTest, OfALargeSampleTheHeadingAlone) {
  v1::StageVerdict stage = OneWayStage(9);
  stage.set_unprobed_edges(400);
  EXPECT_EQ(RenderMatrix(stage, {}), "one-way  10s to 30s  as planned  (612 of 1012 edges are probed)\n");
  EXPECT_NE(RenderMatrix(stage, {}, MatrixRows::kNodes).find("lon-9"), std::string::npos);
  stage = OneWayStage(2);
  stage.set_unprobed_edges(4);
  EXPECT_NE(RenderMatrix(stage, {}).find("lon-2"), std::string::npos);
}

}  // namespace
}  // namespace faultline
