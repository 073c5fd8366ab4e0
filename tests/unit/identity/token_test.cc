#include "common/identity/token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "tests/support/matchers.h"

namespace faultline {
namespace {

using ::faultline::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kAuthority(64, 'a');

TEST(TokenTest, ReadsBackFromItsText) {
  const EnrolmentToken token = EnrolmentToken::Make(kAuthority).value();
  EXPECT_EQ(EnrolmentToken::Parse(token.ToText()).value(), token);
  EXPECT_EQ(token.authority, kAuthority);
}

TEST(TokenTest, EachIsAnother) {
  const EnrolmentToken a = EnrolmentToken::Make(kAuthority).value();
  const EnrolmentToken b = EnrolmentToken::Make(kAuthority).value();
  EXPECT_NE(a.id, b.id);
  EXPECT_NE(a.secret, b.secret);
  EXPECT_NE(a.Digest(), b.Digest());
}

TEST(TokenTest, TheDigestDoesNotHaveTheSecret) {
  const EnrolmentToken token = EnrolmentToken::Make(kAuthority).value();
  EXPECT_THAT(token.Digest(), Not(HasSubstr(token.secret)));
  EXPECT_EQ(token.Digest().size(), 64u);
}

TEST(TokenTest, OtherTextIsRefusedAndNotRepeated) {
  const std::string good = EnrolmentToken::Make(kAuthority)->ToText();
  for (const std::string& text :
       {std::string(), std::string("x"), good + "a", good.substr(1), "fl2" + good.substr(3),
        absl::AsciiStrToUpper(good), absl::StrReplaceAll(good, {{".", "0"}}), good.substr(0, good.size() - 1) + "g"}) {
    EXPECT_THAT(EnrolmentToken::Parse(text), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no token")))
        << text;
  }
  EXPECT_THAT(std::string(EnrolmentToken::Parse("hunter2").status().message()), Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace faultline
