#include "common/bit_rate.h"

#include <gtest/gtest.h>

#include <random>

namespace faultline {
namespace {

std::string ErrorOf(absl::string_view text) { return std::string(ParseBitRate(text).status().message()); }

TEST(BitRateTest, ReadsDecimalUnits) {
  EXPECT_EQ(ParseBitRate("10mbit")->bits_per_second, 10'000'000u);
  EXPECT_EQ(ParseBitRate("1.5gbit")->bits_per_second, 1'500'000'000u);
  EXPECT_EQ(ParseBitRate("64kbit")->bits_per_second, 64'000u);
  EXPECT_EQ(ParseBitRate("9600bit")->bits_per_second, 9'600u);
  EXPECT_EQ(ParseBitRate("0bit")->bits_per_second, 0u);
  EXPECT_EQ(ParseBitRate("1000gbit")->bits_per_second, 1'000'000'000'000u);
}

TEST(BitRateTest, ErrorsSayWhatIsWrong) {
  const std::string hint = "; write for example 10mbit, 1.5gbit or 64kbit";
  EXPECT_EQ(ErrorOf("10"), "'10' is not a rate: it has no unit" + hint);
  EXPECT_EQ(ErrorOf("10mbps"), "'10mbps' is not a rate: 'mbps' is no unit of it" + hint);
  EXPECT_EQ(ErrorOf("10Mbit"), "'10Mbit' is not a rate: 'Mbit' is no unit of it" + hint);
  EXPECT_EQ(ErrorOf("10 mbit"), "'10 mbit' is not a rate: ' mbit' is no unit of it" + hint);
  EXPECT_EQ(ErrorOf("mbit"), "'mbit' is not a rate: it does not begin with a number" + hint);
  EXPECT_EQ(ErrorOf(""), "'' is not a rate: it does not begin with a number" + hint);
  EXPECT_EQ(ErrorOf("-1mbit"), "'-1mbit' is not a rate: it does not begin with a number" + hint);
  EXPECT_EQ(ErrorOf("1.2.3mbit"), "'1.2.3mbit' is not a rate: '1.2.3' is no number" + hint);
  EXPECT_EQ(ErrorOf("1.5bit"), "'1.5bit' is not a rate: it is not a whole number of bit" + hint);
  EXPECT_EQ(ErrorOf("1000.1gbit"), "'1000.1gbit' is not a rate: it is more than 1000gbit" + hint);
  EXPECT_EQ(ErrorOf("99999999999999999999gbit"),
            "'99999999999999999999gbit' is not a rate: '99999999999999999999' is no number" + hint);
}

TEST(BitRateTest, FormatsTheShortestForm) {
  EXPECT_EQ(FormatBitRate({0}), "0bit");
  EXPECT_EQ(FormatBitRate({1}), "1bit");
  EXPECT_EQ(FormatBitRate({1'000}), "1kbit");
  EXPECT_EQ(FormatBitRate({1'500'000}), "1500kbit");
  EXPECT_EQ(FormatBitRate({2'000'000'000}), "2gbit");
}

TEST(BitRateTest, ReadsBackWhatItFormats) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 10'000; ++i) {
    const BitRate rate{random() % 1'000'000'000'001 / (i % 3 == 0 ? 1'000 : 1) * (i % 3 == 0 ? 1'000 : 1)};
    ASSERT_EQ(ParseBitRate(FormatBitRate(rate)).value(), rate) << FormatBitRate(rate);
  }
}

TEST(BytesTest, ReadsDecimalUnits) {
  EXPECT_EQ(*ParseBytes("64kb"), 64'000u);
  EXPECT_EQ(*ParseBytes("1500b"), 1'500u);
  EXPECT_EQ(*ParseBytes("1.6mb"), 1'600'000u);
  EXPECT_EQ(*ParseBytes("1gb"), 1'000'000'000u);
  EXPECT_EQ(std::string(ParseBytes("64kbit").status().message()),
            "'64kbit' is not a size: 'kbit' is no unit of it; write for example 64kb, 1500b or 16mb");
  EXPECT_EQ(std::string(ParseBytes("1001gb").status().message()),
            "'1001gb' is not a size: it is more than 1000gb; write for example 64kb, 1500b or 16mb");
}

}  // namespace
}  // namespace faultline
