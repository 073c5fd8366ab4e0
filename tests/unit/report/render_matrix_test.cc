#include "controller/report/render_matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "controller/report/text_table.h"
#include "tests/unit/report/stage_samples.h"

namespace faultline {
namespace {

using testing::HasSubstr;

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
· arrives   █ cut   ~ some lost   4 only IPv4 arrives   ? not known   ! not as planned
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

TEST(RenderMatrixTest, AStageWithoutEdges) {
  v1::StageVerdict stage;
  stage.set_name("baseline");
  EXPECT_EQ(RenderMatrix(stage, {}), "baseline  0s to 0s  no two nodes can probe each other\n");
}

}  // namespace
}  // namespace faultline
