#include "common/name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/edit_distance.h"

namespace faultline {
namespace {

TEST(CheckNameTest, TakesNames) {
  for (const std::string& name :
       {std::string("a"), std::string("1"), std::string("lon-2.az_a"), std::string(64, 'x')}) {
    EXPECT_TRUE(CheckName(name, "name").ok()) << name;
  }
}

TEST(CheckNameTest, SaysWhatIsWrong) {
  const auto error = [](absl::string_view text) { return std::string(CheckName(text, "node name").message()); };
  EXPECT_EQ(error(""), "node name is empty");
  EXPECT_EQ(error(std::string(65, 'x')), "node name is longer than 64 characters");
  EXPECT_EQ(error("a b"), "node name 'a b' may have only letters, digits, '-', '_' and '.'");
  EXPECT_EQ(error("a/b"), "node name 'a/b' may have only letters, digits, '-', '_' and '.'");
  EXPECT_EQ(error("caf\xc3\xa9"), "node name 'caf\xc3\xa9' may have only letters, digits, '-', '_' and '.'");
  EXPECT_EQ(error("-a"), "node name '-a' must begin with a letter or digit");
  EXPECT_EQ(error(".."), "node name '..' must begin with a letter or digit");
}

TEST(NameTest, ComparesByText) {
  EXPECT_EQ(NodeName("a"), NodeName("a"));
  EXPECT_LT(NodeName("a"), NodeName("b"));
  EXPECT_TRUE(NodeName().empty());
}

std::string NearestOf(absl::string_view text, const std::vector<std::string>& candidates) {
  return Nearest(text, candidates).value_or("none");
}

TEST(NearestTest, FindsWhatWasMeant) {
  const std::vector<std::string> keys = {"name", "description", "steps", "groups", "at", "for"};
  EXPECT_EQ(NearestOf("step", keys), "steps");
  EXPECT_EQ(NearestOf("stpes", keys), "steps");
  EXPECT_EQ(NearestOf("nmae", keys), "name");
  EXPECT_EQ(NearestOf("fro", keys), "for");
  EXPECT_EQ(NearestOf("grups", keys), "groups");
  EXPECT_EQ(NearestOf("descripshon", keys), "description");
  EXPECT_EQ(NearestOf("a", keys), "at");
  EXPECT_EQ(NearestOf("name", keys), "name");
}

TEST(NearestTest, FindsNothingFarAway) {
  const std::vector<std::string> keys = {"name", "steps"};
  EXPECT_EQ(NearestOf("expect", keys), "none");
  EXPECT_EQ(NearestOf("nm", keys), "none");
  EXPECT_EQ(NearestOf("", keys), "none");
  EXPECT_EQ(NearestOf("name", {}), "none");
  EXPECT_EQ(NearestOf(std::string(257, 'x'), {std::string(257, 'x')}), "none");
}

TEST(NearestTest, TakesTheFirstOfEquals) {
  EXPECT_EQ(NearestOf("lon-3", {"lon-1", "lon-2"}), "lon-1");
  EXPECT_EQ(NearestOf("lon-2x", {"lon-1", "lon-2"}), "lon-2");
}

}  // namespace
}  // namespace faultline
