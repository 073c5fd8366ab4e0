#include "common/document/text_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace faultline {
namespace {

using ::testing::ElementsAre;

TEST(PlanErrorTest, SaysWhere) {
  EXPECT_EQ((TextError{{3, 7}, "wrong"}.ToString("p.yaml")), "p.yaml:3:7: wrong");
  EXPECT_EQ((TextError{{}, "wrong"}.ToString("p.yaml")), "p.yaml: wrong");
  EXPECT_EQ((TextError{{}, "wrong"}.ToString("")), "wrong");
}

TEST(PlanErrorsTest, SortsByPositionAndDropsRepeats) {
  TextErrors errors;
  errors.Add({2, 1}, "c");
  errors.Add({1, 9}, "b");
  errors.Add({1, 2}, "z");
  errors.Add({1, 2}, "a");
  errors.Add({2, 1}, "c");
  EXPECT_THAT(errors.Take(), ElementsAre(TextError{{1, 2}, "z"}, TextError{{1, 2}, "a"}, TextError{{1, 9}, "b"},
                                         TextError{{2, 1}, "c"}));
  EXPECT_TRUE(errors.empty());
}

TEST(PlanErrorsTest, KeepsMessagesShortAndOnOneLine) {
  TextErrors errors;
  errors.Add({1, 1}, "a\nb\tc");
  errors.Add({1, 2}, std::string(399, 'x') + "\xc3\xa9!");
  EXPECT_THAT(errors.Take(), ElementsAre(TextError{{1, 1}, "a b c"}, TextError{{1, 2}, std::string(399, 'x') + "..."}));
}

TEST(PlanErrorsTest, StopsSuggestingWhenThereAreMany) {
  const std::vector<std::string> known = {"name"};
  TextErrors errors;
  EXPECT_EQ(errors.Suggest("seed", known), "");
  EXPECT_EQ(errors.Suggest("nam", known), "; did you mean 'name'?");
  for (int i = 0; i < 100; ++i) errors.Add({1, 1}, "x");
  EXPECT_EQ(errors.Suggest("nam", known), "");
}

TEST(TextErrorsTest, NotesEndEveryMessageAboutTheirValue) {
  TextErrors errors;
  errors.Note({1, 2}, "(${x} is '80')");
  errors.Add({1, 2}, "no unit");
  errors.Add({1, 3}, "other");
  EXPECT_THAT(errors.Take(), ElementsAre(TextError{{1, 2}, "no unit (${x} is '80')"}, TextError{{1, 3}, "other"}));
}

TEST(TextErrorsTest, AMutedValueHasNoMoreErrors) {
  TextErrors errors;
  errors.Add({1, 2}, "unknown");
  errors.Mute({1, 2});
  errors.Add({1, 2}, "no unit");
  EXPECT_THAT(errors.Take(), ElementsAre(TextError{{1, 2}, "unknown"}));
}

TEST(TextErrorsTest, ErrorsOfAnIncludedTextStandWhereItIsIncluded) {
  TextErrors errors;
  errors.Mute({1, 1});
  TextErrors::Place place;
  {
    const IncludedText inside(errors, {7, 3}, "groups.yaml");
    errors.Add({1, 1}, "not muted in here");
    errors.Note({2, 2}, "(note)");
    place = errors.Locate({2, 2});
  }
  errors.AddAt(place, "found later");
  errors.Add({1, 1}, "muted again");
  errors.Add({2, 2}, "no note");
  EXPECT_EQ(place.ToString(), "groups.yaml:2:2");
  EXPECT_EQ(errors.Locate({4, 5}).ToString(), "4:5");
  EXPECT_THAT(errors.Take(),
              ElementsAre(TextError{{2, 2}, "no note"}, TextError{{7, 3}, "groups.yaml:1:1: not muted in here"},
                          TextError{{7, 3}, "groups.yaml:2:2: found later (note)"}));
}

}  // namespace
}  // namespace faultline
