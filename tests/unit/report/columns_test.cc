#include "controller/report/columns.h"

#include <gtest/gtest.h>

#include "controller/report/text_table.h"

namespace faultline {
namespace {

TEST(ColumnsTest, CountsColumnsNotBytesOrLetters) {
  EXPECT_EQ(WidthOf("lon-1 → par-1"), 13u);
  EXPECT_EQ(WidthOf("東京"), 4u);
  // An accent of its own, and a joiner.
  EXPECT_EQ(WidthOf("e\u0301a\u200db"), 3u);
  EXPECT_EQ(WidthOf("▁█·≈○"), 5u);
  EXPECT_EQ(Pad("東", 4) + "|", "東  |");
}

TEST(ColumnsTest, WhateverTheLocale) {
  ASSERT_STREQ(setlocale(LC_ALL, nullptr), "C");
  EXPECT_EQ(ColumnsOf(U'東'), 2u);
  EXPECT_EQ(ColumnsOf(U'\u0301'), 0u);
}

TEST(ColumnsTest, BytesThatAreNoTextCountAsOneEach) {
  EXPECT_EQ(WidthOf("a\xff\xe6"), 3u);
  absl::string_view text = "\xe6x";
  EXPECT_EQ(TakeLetter(text), U'\ufffd');
  EXPECT_EQ(text, "x");
}

TEST(ColumnsTest, ClipsToColumnsAndKeepsColours) {
  EXPECT_EQ(Clip("lon-1", 5, {}), "lon-1");
  EXPECT_EQ(Clip("lon-10", 5, {}), "lon-…");
  EXPECT_EQ(Clip("lon-10", 5, {.utf8 = false}), "lon..");
  // A wide character that would be cut in two goes.
  EXPECT_EQ(Clip("東京都", 4, {}), "東…");
  EXPECT_EQ(Clip("e\u0301e\u0301e\u0301", 2, {}), "e\u0301…");
  EXPECT_EQ(Clip("a\x1b[1;31mbcd\x1b[0mef", 4, {}), "a\x1b[1;31mbc…\x1b[0m");
  EXPECT_EQ(Clip("ab\x1b[1;31mcd\x1b[0m", 3, {}), "ab\x1b[1;31m…\x1b[0m");
  EXPECT_EQ(Clip("abc", 0, {}), "");
  for (std::size_t width = 0; width < 12; ++width) {
    EXPECT_LE(WidthOf(Clip("a東\x1b[1;31me\u0301→京\x1b[0m都zz", width, {})), width);
    EXPECT_LE(WidthOf(Clip("a東\x1b[1;31me\u0301→京\x1b[0m都zz", width, {.utf8 = false})), width);
  }
}

TEST(ColumnsTest, TamesAllThatSteersATerminal) {
  EXPECT_EQ(Tame("a\x1b[2J\r\n\tb\x7f"), "a?[2J???b?");
  // A control sequence in one character, as C1 and raw; writing from right to left; a line of its own.
  EXPECT_EQ(Tame("a\u009b2J\x9bz"), "a??2J?z");
  EXPECT_EQ(Tame("a\u202egpj\u2066\u2028"), "a?gpj??");
  EXPECT_EQ(Tame("東京 é"), "東京 é");
}

}  // namespace
}  // namespace faultline
