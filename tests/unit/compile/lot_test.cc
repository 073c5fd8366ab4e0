#include "controller/compile/lot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> NamesUpTo(int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) names.push_back(absl::StrCat("node-", i));
  return names;
}

std::vector<std::string> Drawn(std::uint64_t seed, absl::string_view purpose, const std::vector<std::string>& names) {
  std::vector<std::string> drawn;
  for (const std::size_t place : DrawOrder(seed, purpose, {names.begin(), names.end()})) drawn.push_back(names[place]);
  return drawn;
}

// Written down once: runs can be repeated on any machine and with any later version.
TEST(DrawOrderTest, IsTheSameForEver) {
  EXPECT_THAT(Drawn(7, "step split", {"a", "b", "c", "d", "e"}), ElementsAre("e", "c", "d", "a", "b"));
}

TEST(DrawOrderTest, HasEachNameOnceWhateverTheirOrder) {
  std::vector<std::string> names = NamesUpTo(100);
  std::vector<std::string> drawn = Drawn(1, "p", names);
  std::reverse(names.begin(), names.end());
  EXPECT_EQ(Drawn(1, "p", names), drawn);
  std::sort(names.begin(), names.end());
  std::sort(drawn.begin(), drawn.end());
  EXPECT_EQ(drawn, names);
}

TEST(DrawOrderTest, HangsOnSeedAndPurpose) {
  const std::vector<std::string> names = NamesUpTo(20);
  EXPECT_NE(Drawn(1, "p", names), Drawn(2, "p", names));
  EXPECT_NE(Drawn(1, "p", names), Drawn(1, "q", names));
}

TEST(DrawOrderTest, ANameThatGoesLeavesTheOthersAsTheyWere) {
  std::vector<std::string> names = NamesUpTo(50);
  std::vector<std::string> drawn = Drawn(3, "p", names);
  std::erase(names, "node-17");
  std::erase(drawn, "node-17");
  EXPECT_EQ(Drawn(3, "p", names), drawn);
}

TEST(DrawOrderTest, IsFair) {
  const std::vector<std::string> names = NamesUpTo(5);
  std::map<std::pair<std::string, std::string>, int> first_two;
  constexpr int kDraws = 20'000;
  for (int seed = 0; seed < kDraws; ++seed) {
    const std::vector<std::string> drawn = Drawn(static_cast<std::uint64_t>(seed), "p", names);
    ++first_two[{drawn[0], drawn[1]}];
  }
  ASSERT_EQ(first_two.size(), 20U);
  // Of each of 20 pairs 1000 are due, with a deviation of 31; five of these are never left.
  for (const auto& [pair, times] : first_two) EXPECT_NEAR(times, kDraws / 20, 155) << pair.first << pair.second;
}

}  // namespace
}  // namespace faultline
