#include "controller/compile/glob.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace faultline {
namespace {

TEST(GlobTest, KnowsAGlob) {
  EXPECT_FALSE(IsGlob("lon-1"));
  EXPECT_TRUE(IsGlob("lon-*"));
  EXPECT_TRUE(IsGlob("?"));
}

TEST(GlobTest, MatchesTheWholeText) {
  EXPECT_TRUE(GlobMatches("lon-1", "lon-1"));
  EXPECT_FALSE(GlobMatches("lon-1", "lon-12"));
  EXPECT_FALSE(GlobMatches("lon-1", "xlon-1"));
  EXPECT_TRUE(GlobMatches("*a", "eu-west-2a"));
  EXPECT_TRUE(GlobMatches("lon-?", "lon-1"));
  EXPECT_FALSE(GlobMatches("lon-?", "lon-"));
  EXPECT_TRUE(GlobMatches("*", ""));
  EXPECT_FALSE(GlobMatches("", "a"));
}

TEST(GlobTest, DoesNotExplode) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "*a";
  EXPECT_FALSE(GlobMatches(pattern + "b", std::string(250, 'a')));
}

// The definition, letter by letter.
bool Naive(absl::string_view pattern, absl::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() == '*') {
    return Naive(pattern.substr(1), text) || (!text.empty() && Naive(pattern, text.substr(1)));
  }
  const bool first = !text.empty() && (pattern.front() == '?' || pattern.front() == text.front());
  return first && Naive(pattern.substr(1), text.substr(1));
}

TEST(GlobTest, EqualsTheDefinition) {
  std::mt19937 random(1);
  const auto text_of = [&random](absl::string_view letters) {
    std::string text;
    for (auto length = random() % 8; length > 0; --length) text += letters[random() % letters.size()];
    return text;
  };
  for (int i = 0; i < 20'000; ++i) {
    const std::string pattern = text_of("ab*?");
    const std::string text = text_of("ab");
    ASSERT_EQ(GlobMatches(pattern, text), Naive(pattern, text)) << pattern << " " << text;
  }
}

}  // namespace
}  // namespace faultline
