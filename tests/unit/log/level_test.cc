#include "common/log/level.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/log/log_config.h"
#include "tests/support/matchers.h"

namespace faultline {
namespace {

using ::testing::HasSubstr;

struct Read {
  LogLevel level;
  std::vector<TextError> errors;
};

Read ReadText(absl::string_view text) {
  TextErrors errors;
  LogLevel level = LogLevel::kWarning;
  if (const DocumentPtr root = ParseDocument(text, errors)) ReadLog(*root, level, errors);
  return {level, errors.Take()};
}

TEST(LogLevelTest, IsReadByTheNameItIsShownWith) {
  for (const LogLevel level : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError}) {
    ASSERT_THAT(ParseLogLevel(NameOf(level)), testing::IsOk());
    EXPECT_EQ(*ParseLogLevel(NameOf(level)), level);
  }
  EXPECT_THAT(ParseLogLevel("loud"),
              testing::StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("debug, info, warning, error")));
}

TEST(LogLevelTest, IsAKeyOfAConfiguration) {
  EXPECT_EQ(ReadText("level: debug").level, LogLevel::kDebug);
  EXPECT_EQ(ReadText("level: error").level, LogLevel::kError);
}

TEST(LogLevelTest, AWrongOneStaysAndIsNamed) {
  const Read word = ReadText("level: inof");
  EXPECT_EQ(word.level, LogLevel::kWarning);
  ASSERT_EQ(word.errors.size(), 1u);
  EXPECT_THAT(word.errors[0].message, HasSubstr("info"));
  const Read key = ReadText("levle: info");
  EXPECT_EQ(key.level, LogLevel::kWarning);
  ASSERT_EQ(key.errors.size(), 1u);
  EXPECT_THAT(key.errors[0].message, HasSubstr("level"));
}

}  // namespace
}  // namespace faultline
