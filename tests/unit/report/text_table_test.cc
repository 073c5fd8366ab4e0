#include "controller/report/text_table.h"

#include <gtest/gtest.h>

namespace faultline {
namespace {

TEST(TextTableTest, AlignsColumnsByWhatIsSeen) {
  const TerminalStyle color = {.color = true};
  EXPECT_EQ(FormatTable({{"NODE", "END", "CLOCK"}, {"lon-1", Paint("ok", Ink::kGood, color), "±1 ms"}, {"x"}}, 1),
            " NODE   END  CLOCK\n"
            " lon-1  \x1b[32mok\x1b[0m   ±1 ms\n"
            " x\n");
  EXPECT_EQ(FormatTable({}, 2), "");
}

TEST(TextTableTest, PaintsOnlyWhereColoursAre) {
  EXPECT_EQ(Paint("cut", Ink::kBad, {.color = true}), "\x1b[1;31mcut\x1b[0m");
  EXPECT_EQ(Paint("cut", Ink::kBad, {.color = false}), "cut");
  EXPECT_EQ(Paint("cut", Ink::kPlain, {.color = true}), "cut");
}

TEST(TextTableTest, SpellsInAsciiWhereUtf8IsNot) {
  EXPECT_EQ(Spell("a → b ±1 █·… ≈○ é", {.utf8 = false}), "a -> b +-1 x... =o ?");
  EXPECT_EQ(Spell("a → b", {.utf8 = true}), "a → b");
}

TEST(TextTableTest, MeasuresCharactersNotBytes) {
  EXPECT_EQ(WidthOf("a→b"), 3u);
  EXPECT_EQ(WidthOf("\x1b[1;31mcut\x1b[0m"), 3u);
  EXPECT_EQ(WidthOf("\x1b[1;31"), 0u);
  EXPECT_EQ(Pad("█", 3), "█  ");
  EXPECT_EQ(Pad("long", 3), "long");
}

TEST(TextTableTest, TamesWhatWouldSteerTheTerminal) { EXPECT_EQ(Tame("a\x1b[2Jb\nc→"), "a?[2Jb?c→"); }

}  // namespace
}  // namespace faultline
