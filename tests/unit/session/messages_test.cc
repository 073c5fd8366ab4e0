#include "agent/session/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"

namespace faultline {
namespace {

TEST(TameTest, OrdinaryTextStays) { EXPECT_EQ(Tame("guard 'db' failed: über 3 s"), "guard 'db' failed: über 3 s"); }

TEST(TameTest, IsOneLine) { EXPECT_EQ(Tame("a\nb\x1b[2Jc\tq"), "a b [2Jc q"); }

TEST(TameTest, IsShort) { EXPECT_EQ(Tame(std::string(4 << 20, 'x')), std::string(kLongestText, 'x')); }

TEST(TameTest, EndsWithAWholeCharacter) {
  const std::string almost(kLongestText - 1, 'x');
  EXPECT_EQ(Tame(almost + "ü"), almost);
  EXPECT_EQ(Tame(almost + "€ and more"), almost);
  EXPECT_EQ(Tame(almost.substr(1) + "ü"), almost.substr(1) + "ü");
}

TEST(DecodeRunIdTest, TakesNamesOnly) {
  EXPECT_EQ(*DecodeRunId("split-1"), RunId("split-1"));
  for (const std::string& text : {std::string(), std::string("a/b"), std::string(1 << 20, 'x'), std::string("a\n")}) {
    const absl::Status status = DecodeRunId(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_LE(status.message().size(), kLongestText);
    EXPECT_FALSE(absl::StrContains(status.message(), '\n'));
  }
}

}  // namespace
}  // namespace faultline
