#include "common/document/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

using Kind = DocumentValue::Kind;

std::string ErrorOf(absl::string_view text) {
  TextErrors errors;
  EXPECT_EQ(ParseDocument(text, errors), nullptr);
  const std::vector<TextError> all = errors.Take();
  EXPECT_THAT(all, SizeIs(1));
  return all.empty() ? "" : all.front().message;
}

TEST(ParseDocumentTest, KeepsOrderPositionsAndRepeats) {
  TextErrors errors;
  const DocumentPtr root = ParseDocument("b: 1\na: [x, ~]\nb: {}\n", errors);
  ASSERT_NE(root, nullptr);
  EXPECT_EQ(root->kind, Kind::kMapping);
  ASSERT_THAT(root->entries, SizeIs(3));
  EXPECT_EQ(root->entries[0].key->text, "b");
  EXPECT_EQ(root->entries[2].key->text, "b");
  EXPECT_EQ(root->entries[2].key->position, (SourcePosition{3, 1}));
  EXPECT_EQ(root->entries[2].value->kind, Kind::kMapping);
  const DocumentValue& list = *root->entries[1].value;
  ASSERT_THAT(list.items, SizeIs(2));
  EXPECT_EQ(list.items[0]->position, (SourcePosition{2, 5}));
  EXPECT_EQ(list.items[1]->kind, Kind::kNothing);
  EXPECT_EQ(root->depth, 3u);
}

TEST(ParseDocumentTest, GivesAnAliasItsOwnPosition) {
  TextErrors errors;
  const DocumentPtr root = ParseDocument("[&a x, *a]", errors);
  ASSERT_NE(root, nullptr);
  EXPECT_EQ(root->items[1]->text, "x");
  EXPECT_EQ(root->items[1]->position, (SourcePosition{1, 8}));
}

TEST(ParseDocumentTest, StopsABombOfAliases) {
  std::string bomb = "- &l0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 20; ++i) {
    absl::StrAppend(&bomb, "- &l", i, " [");
    for (int j = 0; j < 10; ++j) absl::StrAppend(&bomb, "*l", i - 1, ", ");
    absl::StrAppend(&bomb, "]\n");
  }
  EXPECT_THAT(ErrorOf(bomb), HasSubstr("aliases make the text too large"));
}

TEST(ParseDocumentTest, StopsAliasesOfALongText) {
  std::string text = absl::StrCat("- &l ", std::string(100'000, 'x'), "\n");
  for (int i = 0; i < 100; ++i) absl::StrAppend(&text, "- *l\n");
  EXPECT_THAT(ErrorOf(text), HasSubstr("aliases make the text too large"));
}

TEST(ParseDocumentTest, StopsAliasesThatNest) {
  std::string text = "- &l0 [x]\n";
  for (int i = 1; i < 1000; ++i) absl::StrAppend(&text, "- &l", i, " [*l", i - 1, "]\n");
  EXPECT_THAT(ErrorOf(text), HasSubstr("nested more than 32 deep"));
}

// Much of whatever makes parsers recurse or look back; what matters is that each ends, and soon.
class HostileTextTest : public ::testing::TestWithParam<const char*> {};

TEST_P(HostileTextTest, Ends) {
  std::string text;
  while (text.size() + 16 < (1 << 18)) absl::StrAppend(&text, GetParam());
  TextErrors errors;
  ParseDocument(text, errors);
  EXPECT_THAT(errors.Take(), SizeIs(::testing::Le(1)));
}

INSTANTIATE_TEST_SUITE_P(Pieces, HostileTextTest,
                         ::testing::Values("[", "{", "[{", "- ", "? ", ": ", "&a ", "!!", "!<", "\"", "'", "|\n",
                                           ">\n ", "%", "*a", "a: ", "a:\n ", "[]", "{},", "\n", "---\n", "...\n", "#",
                                           "- - -\n", "\t", "a\n", "\"\\", "é", "? - ", "!a ", "? a\n", "- a\n",
                                           "a: b\n", "[a, ", "{a: ", "x y ", ",", "]"));

TEST(FindBadTextTest, TellsLettersFromOthers) {
  EXPECT_FALSE(FindBadText("a é € 😀\n\t\r"));
  const auto position = [](absl::string_view text) { return FindBadText(text).value().position; };
  EXPECT_EQ(position("a\x7f"), (SourcePosition{1, 2}));
  EXPECT_EQ(position("\xc2\x80"), (SourcePosition{1, 1}));          // A C1 control.
  EXPECT_EQ(position("ab\n\xed\xa0\x80"), (SourcePosition{2, 1}));  // A surrogate.
  EXPECT_EQ(position("\xf4\x90\x80\x80"), (SourcePosition{1, 1}));  // Beyond Unicode.
  EXPECT_EQ(position("\xf0\x9f\x98"), (SourcePosition{1, 1}));      // Cut short.
  EXPECT_EQ(position("\xe0\x80\xaf"), (SourcePosition{1, 1}));      // Longer than needed.
}

TEST(PrintableTest, ReplacesOnlyWhatIsBad) { EXPECT_EQ(Printable("a\x1b[3é\xff"), "a?[3é?"); }

}  // namespace
}  // namespace faultline
