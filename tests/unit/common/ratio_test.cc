#include "common/ratio.h"

#include <gtest/gtest.h>

#include <random>

namespace faultline {
namespace {

std::string RatioErrorOf(absl::string_view text) { return std::string(ParseRatio(text).status().message()); }

TEST(RatioTest, ReadsPerCentAndPartsPerMillion) {
  EXPECT_EQ(*ParseRatio("1%"), Ratio::Percent(1));
  EXPECT_EQ(*ParseRatio("0.05%"), Ratio::PartsPerBillion(500'000));
  EXPECT_EQ(*ParseRatio("0.0000001%"), Ratio::PartsPerBillion(1));
  EXPECT_EQ(*ParseRatio("200ppm"), Ratio::PartsPerBillion(200'000));
  EXPECT_EQ(*ParseRatio("0.001ppm"), Ratio::PartsPerBillion(1));
  EXPECT_EQ(*ParseRatio("0"), Ratio());
  EXPECT_EQ(*ParseRatio("0%"), Ratio());
  EXPECT_EQ(*ParseRatio("100%"), Ratio::PartsPerBillion(Ratio::kOne));
  EXPECT_EQ(*ParseRatio("400%"), Ratio::Percent(400));
}

TEST(RatioTest, ErrorsSayWhatIsWrong) {
  const std::string hint = "; write for example 1%, 0.05% or 200ppm";
  EXPECT_EQ(RatioErrorOf("0.01"), "'0.01' is not a ratio: it has no unit" + hint);
  EXPECT_EQ(RatioErrorOf("1"), "'1' is not a ratio: it has no unit" + hint);
  EXPECT_EQ(RatioErrorOf(""), "'' is not a ratio: it has no unit" + hint);
  EXPECT_EQ(RatioErrorOf("%"), "'%' is not a ratio: there is no number before the unit" + hint);
  EXPECT_EQ(RatioErrorOf("1 %"), "'1 %' is not a ratio: '1 ' is no number from 0 up" + hint);
  EXPECT_EQ(RatioErrorOf("-1%"), "'-1%' is not a ratio: '-1' is no number from 0 up" + hint);
  EXPECT_EQ(RatioErrorOf("1e1%"), "'1e1%' is not a ratio: '1e1' is no number from 0 up" + hint);
  EXPECT_EQ(RatioErrorOf("0.00000001%"),
            "'0.00000001%' is not a ratio: it has more digits than a part per billion" + hint);
  EXPECT_EQ(RatioErrorOf("400.1%"), "'400.1%' is not a ratio: it is more than 400 %" + hint);
  EXPECT_EQ(RatioErrorOf("4294968296ppm"), "'4294968296ppm' is not a ratio: it is more than 400 %" + hint);
}

TEST(RatioTest, FormatsTheShortestForm) {
  EXPECT_EQ(FormatRatio(Ratio()), "0%");
  EXPECT_EQ(FormatRatio(Ratio::Percent(1)), "1%");
  EXPECT_EQ(FormatRatio(Ratio::Percent(100)), "100%");
  EXPECT_EQ(FormatRatio(Ratio::PartsPerBillion(200'000)), "0.02%");
  EXPECT_EQ(FormatRatio(Ratio::PartsPerBillion(123'456'789)), "12.3456789%");
  EXPECT_EQ(FormatRatio(Ratio::PartsPerBillion(1)), "0.0000001%");
}

TEST(RatioTest, ReadsBackWhatItFormats) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 10'000; ++i) {
    const Ratio ratio = Ratio::PartsPerBillion(static_cast<std::uint32_t>(random() % 4'000'000'001));
    ASSERT_EQ(ParseRatio(FormatRatio(ratio)).value(), ratio) << FormatRatio(ratio);
  }
}

TEST(RatioTest, IsOrderedAndConverts) {
  EXPECT_LT(Ratio::Percent(1), Ratio::Percent(2));
  EXPECT_DOUBLE_EQ(Ratio::Percent(25).AsDouble(), 0.25);
  EXPECT_TRUE(Ratio().zero());
  EXPECT_FALSE(Ratio::PartsPerBillion(1).zero());
}

}  // namespace
}  // namespace faultline
