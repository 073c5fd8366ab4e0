#include "controller/preview/timeline_bars.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "controller/report/text_table.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr TerminalStyle kPlain{.color = false, .utf8 = false};

Step StepAt(StepIndex index, std::string name, Duration at, Duration length) {
  return {.index = index, .name = std::move(name), .at = at, .length = length, .effect = Drop{}};
}

Timeline Of(std::vector<Step> steps, Duration length) {
  return {.run = RunId("r"), .node = NodeName("n"), .steps = std::move(steps), .length = length};
}

std::vector<std::string> Lines(const Timeline& timeline, const TerminalStyle& style = kPlain) {
  return absl::StrSplit(RenderTimelineBars(timeline, style), '\n');
}

// The bar of a step's line: what stands between its name and its times.
std::string Bar(const std::string& line) {
  const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
  return words.at(1);
}

TEST(TimelineBarsTest, EachStepHasALineOfAtMost80Columns) {
  const Timeline timeline = Of({StepAt(0, "one-way", seconds(6), seconds(10)),
                                StepAt(1, "a-name-longer-than-twenty-columns", seconds(16), seconds(12))},
                               seconds(31));
  for (const bool utf8 : {false, true}) {
    const auto lines = Lines(timeline, {.utf8 = utf8});
    ASSERT_EQ(lines.size(), 5u);
    for (const std::string& line : lines) EXPECT_LE(WidthOf(line), 80u) << line;
    EXPECT_THAT(lines[0], HasSubstr("31s"));
    EXPECT_THAT(lines[1], HasSubstr("6s to 16s"));
    EXPECT_THAT(lines[2], HasSubstr("a-name-longer-than.."));
  }
}

TEST(TimelineBarsTest, BarsAreWhereTheStepsAre) {
  const auto lines =
      Lines(Of({StepAt(0, "first", seconds(0), seconds(5)), StepAt(1, "last", seconds(5), seconds(5))}, seconds(10)));
  const std::string first = Bar(lines[1]);
  const std::string last = Bar(lines[2]);
  ASSERT_EQ(first.size(), last.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_NE(first[i] == '#', last[i] == '#') << "in column " << i << " exactly one of them acts";
  }
  EXPECT_EQ(first.front(), '#');
  EXPECT_EQ(last.back(), '#');
  EXPECT_EQ(first.find_first_not_of('#'), first.find('.'));
}

TEST(TimelineBarsTest, NoStepIsTooShortToBeSeen) {
  for (int at = 0; at < 3599; at += 97) {
    const auto lines = Lines(Of({StepAt(0, "s", seconds(at), milliseconds(100))}, std::chrono::hours(1)));
    const std::string bar = Bar(lines[1]);
    EXPECT_EQ(std::count(bar.begin(), bar.end(), '#'), 1) << at << " s: " << bar;
  }
}

TEST(TimelineBarsTest, SlowFlapsShowTheirPhasesAndFastOnesThatTheyComeAndGo) {
  Step slow = StepAt(0, "slow", seconds(0), seconds(60));
  slow.flap = Flap{.down = seconds(10), .up = seconds(20)};
  Step fast = StepAt(1, "fast", seconds(0), seconds(60));
  fast.flap = Flap{.down = milliseconds(200), .up = milliseconds(200)};
  const auto lines = Lines(Of({slow, fast}, seconds(60)));
  EXPECT_THAT(Bar(lines[1]), ::testing::MatchesRegex("#+\\+?-+\\+?#+\\+?-+"));
  EXPECT_THAT(Bar(lines[2]), ::testing::MatchesRegex("\\++"));
  EXPECT_THAT(lines[3], HasSubstr("+ comes and goes"));
}

TEST(TimelineBarsTest, RampsGrow) {
  Step step = StepAt(0, "ramp", seconds(0), seconds(60));
  Impairment from;
  Impairment to;
  to.delay = milliseconds(300);
  step.effect = from;
  step.ramp = Ramp{.to = to, .over = seconds(45)};
  const std::string bar = Bar(Lines(Of({step}, seconds(60)))[1]);
  EXPECT_TRUE(std::is_sorted(bar.begin(), bar.end())) << bar;
  EXPECT_EQ(bar.front(), '1');
  EXPECT_EQ(bar.back(), '8');
  EXPECT_EQ(bar.find('8') * 4 / bar.size(), 3u) << "its end is after three quarters: " << bar;
}

TEST(TimelineBarsTest, TheLegendHasOnlyWhatOccurs) {
  const std::string text = RenderTimelineBars(Of({StepAt(0, "s", seconds(0), seconds(5))}, seconds(10)), {});
  EXPECT_THAT(text, HasSubstr("█ acts"));
  EXPECT_THAT(text, Not(HasSubstr("ramp")));
  EXPECT_THAT(text, Not(HasSubstr("flap")));
}

}  // namespace
}  // namespace faultline
