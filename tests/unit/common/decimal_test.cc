#include "common/decimal.h"

#include <gtest/gtest.h>

namespace faultline {
namespace {

TEST(DecimalTest, ReadsDigitsWithADotInside) {
  const auto expect = [](absl::string_view text, std::uint64_t digits, int decimals) {
    const std::optional<Decimal> decimal = ParseDecimal(text);
    ASSERT_TRUE(decimal) << text;
    EXPECT_EQ(decimal->digits, digits) << text;
    EXPECT_EQ(decimal->decimals, decimals) << text;
  };
  expect("0", 0, 0);
  expect("12", 12, 0);
  expect("0.25", 25, 2);
  expect("2.50", 250, 2);
  expect("007", 7, 0);
  expect("999999999999999999", 999'999'999'999'999'999, 0);
  expect("0.99999999999999999", 99'999'999'999'999'999, 17);
}

TEST(DecimalTest, RefusesEverythingElse) {
  for (const char* text : {"", ".", ".5", "5.", "1.2.3", "-1", "+1", "1e3", " 1", "1 ", "0x1", "1,5", "١",
                           "1000000000000000000", "0.999999999999999999"}) {
    EXPECT_FALSE(ParseDecimal(text)) << text;
  }
}

TEST(DecimalTest, TimesIsExactOrNothing) {
  EXPECT_EQ(ParseDecimal("1.5")->Times(10), 15u);
  EXPECT_EQ(ParseDecimal("1.5")->Times(1), std::nullopt);
  EXPECT_EQ(ParseDecimal("0.000")->Times(1), 0u);
  EXPECT_EQ(ParseDecimal("0.001")->Times(1'000'000'000), 1'000'000u);
  EXPECT_EQ((Decimal{18'446'744'073'709'551'615u, 0}.Times(1)), 18'446'744'073'709'551'615u);
  EXPECT_EQ((Decimal{18'446'744'073'709'551'615u, 0}.Times(2)), std::nullopt);
  EXPECT_EQ((Decimal{18'446'744'073'709'551'615u, 1}.Times(10)), 18'446'744'073'709'551'615u);
  EXPECT_EQ(ParseDecimal("999999999999999999")->Times(1'000'000'000), std::nullopt);
}

}  // namespace
}  // namespace faultline
