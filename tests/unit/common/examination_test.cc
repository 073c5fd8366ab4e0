#include "common/examination.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/examination_codec.h"

namespace faultline {
namespace {

const Examination kSample = {
    Good("kernel", "Linux 6.1.0"), Warning("netem", "no netem qdisc", "apt install linux-image-amd64"),
    Bad("tls", "the controller's certificate is not for 'a' but for b", "name it as its certificate does")};

TEST(ExaminationTest, TheWorstCounts) {
  EXPECT_EQ(WorstOf({}), Health::kGood);
  EXPECT_EQ(WorstOf({kSample[0], kSample[1]}), Health::kWarning);
  EXPECT_EQ(WorstOf({kSample[2], kSample[0]}), Health::kBad);
}

TEST(ExaminationTest, EachFindingIsALineWithItsMendBelow) {
  EXPECT_EQ(ExaminationText(kSample, {}),
            "✓ kernel  Linux 6.1.0\n"
            "! netem   no netem qdisc\n"
            "          → apt install linux-image-amd64\n"
            "✗ tls     the controller's certificate is not for 'a' but for b\n"
            "          → name it as its certificate does\n");
  EXPECT_EQ(ExaminationText({kSample[2]}, {.utf8 = false}),
            "x tls  the controller's certificate is not for 'a' but for b\n"
            "       -> name it as its certificate does\n");
  EXPECT_EQ(SignOf(Health::kWarning, {.color = true}), "\033[33m!\033[0m");
}

TEST(ExaminationTest, NoLineIsWiderThanItMayBe) {
  const Examination findings = {Warning("x", "é üé éé éé ü é a b longer words and short ones", "c d e f g h i j k l")};
  for (const std::size_t width : {20U, 41U, 80U}) {
    for (const absl::string_view line : absl::StrSplit(ExaminationText(findings, {.width = width}), '\n')) {
      std::size_t columns = 0;
      for (const char c : line) columns += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
      EXPECT_LE(columns, width) << line;
    }
  }
  EXPECT_EQ(ExaminationText({Good("a", "one two three")}, {.width = 12}), "✓ a  one two\n     three\n");
}

TEST(ExaminationTest, WhatAControllerWouldRefuseIsCutAndSaysSo) {
  EXPECT_EQ(WithinBounds(kSample), kSample);
  std::string addresses;
  for (int i = 0; i < 700; ++i) absl::StrAppend(&addresses, "é");
  addresses += addresses;
  const Examination cut = WithinBounds({Warning("interfaces", addresses, addresses)});
  ASSERT_EQ(cut.size(), 1U);
  for (const std::string& text : {cut[0].detail, cut[0].mend}) {
    EXPECT_LE(text.size(), ExaminationBounds::kText);
    EXPECT_THAT(text, ::testing::MatchesRegex("(é)+ \\.\\.\\. and [0-9]+ bytes more"));
  }
  EXPECT_EQ(WithinBounds({Good("interfaces", std::string(2000, 'a'))})[0].detail.size(), 2000U);
}

TEST(ExaminationTest, OfTooManyFindingsTheLastSaysHowMany) {
  Examination many(200, Good("hooks", "a"));
  EXPECT_EQ(WithinBounds(many), many);
  many.push_back(Bad("config", "b", "c"));
  const Examination within = WithinBounds(many);
  EXPECT_EQ(within.size(), 200U);
  EXPECT_EQ(within.back().detail, "and 2 findings more");
  EXPECT_EQ(within.back().health, Health::kBad);
  EXPECT_NE(within.back().mend, "");

  const Examination huge = WithinBounds(Examination(200, Warning("a", std::string(5000, 'a'), std::string(5000, 'a'))));
  EXPECT_LT(EncodeExamination(huge).ByteSizeLong(), std::size_t{1} << 18) << "what one message may have";
  EXPECT_GT(huge.size(), 40U);
}

TEST(ExaminationTest, GoesOverTheWireAsItIs) {
  EXPECT_EQ(DecodeExamination(EncodeExamination(kSample)), kSample);
  v1::Examination newer;
  newer.add_findings()->set_health(static_cast<v1::Health>(77));
  newer.add_findings();
  for (const Finding& finding : DecodeExamination(newer)) EXPECT_EQ(finding.health, Health::kWarning);
}

}  // namespace
}  // namespace faultline
