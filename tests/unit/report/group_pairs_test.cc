#include "controller/report/group_pairs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

v1::GroupMembers Group(const std::string& name, const std::vector<std::string>& nodes) {
  v1::GroupMembers group;
  group.set_name(name);
  group.mutable_nodes()->Assign(nodes.begin(), nodes.end());
  return group;
}

std::vector<std::string> NamesOf(const std::vector<GroupPair>& pairs) {
  std::vector<std::string> names;
  for (const GroupPair& pair : pairs) names.push_back(pair.from + ">" + pair.to);
  return names;
}

TEST(GroupPairsTest, BothDirectionsBetweenEveryTwo) {
  const auto pairs = PairsOf({Group("a", {"n2", "n1"}), Group("b", {"n3"}), Group("c", {"n4"})});
  EXPECT_THAT(NamesOf(pairs), ElementsAre("a>b", "b>a", "a>c", "c>a", "b>c", "c>b"));
  EXPECT_THAT(pairs[0].senders, ElementsAre("n1", "n2"));
  EXPECT_THAT(pairs[0].receivers, ElementsAre("n3"));
}

TEST(GroupPairsTest, GroupsWithCommonOrWithoutNodesHaveNoLink) {
  const auto all = Group("all", {"n1", "n2", "n3"});
  EXPECT_THAT(NamesOf(PairsOf({all, Group("a", {"n1"}), Group("none", {}), Group("b", {"n2"})})),
              ElementsAre("a>b", "b>a"));
  EXPECT_THAT(PairsOf({all}), IsEmpty());
}

TEST(GroupPairsTest, ANameThatComesAgainCountsOnce) {
  EXPECT_THAT(NamesOf(PairsOf({Group("a", {"n1"}), Group("b", {"n2"}), Group("b", {"n2"})})),
              ElementsAre("a>b", "b>a"));
}

TEST(GroupPairsTest, MoreThanAskedForAreNotMade) {
  std::vector<v1::GroupMembers> groups;
  for (int i = 0; i < 100; ++i) groups.push_back(Group(std::to_string(i), {std::to_string(i)}));
  EXPECT_EQ(PairsOf(groups).size(), 9900u);
  const std::size_t some = PairsOf(groups, 200).size();
  EXPECT_GT(some, 200u);
  EXPECT_LT(some, 210u);
}

}  // namespace
}  // namespace faultline
