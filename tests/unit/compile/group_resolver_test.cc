#include "controller/compile/group_resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "controller/compile/compiler.h"
#include "tests/unit/compile/plan_builder.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing_support::FleetOf;
using testing_support::Ip;
using testing_support::LondonAndParis;
using testing_support::Node;
using testing_support::PlanBuilder;
using testing_support::Set;

struct Found {
  std::vector<std::string> nodes;
  std::string addresses;
};

Found Find(PlanBuilder& builder, const Inventory& inventory, const std::string& group) {
  const NodeIndex fleet(inventory);
  TextErrors errors;
  std::vector<std::string> warnings;
  const GroupTable table = ResolveGroups(builder.plan(), fleet, errors, warnings);
  for (const TextError& error : errors.Take()) ADD_FAILURE() << error.ToString("p");
  const Membership& membership = table.memberships[table.index.at(group)];
  return {Resolved(membership, fleet).nodes, membership.addresses.ToString(20)};
}

TEST(ResolveGroupsTest, AUnionHasAllOfItsGroups) {
  PlanBuilder builder;
  builder.Cidrs("london", {"172.32.0.0/16"}).Nodes("one", {"par-1"}).Made("both", {"london", "one"}, {});
  const Found both = Find(builder, LondonAndParis(), "both");
  EXPECT_THAT(both.nodes, ElementsAre("lon-1", "lon-2", "par-1"));
  EXPECT_EQ(both.addresses, "172.32.0.0/16, 172.33.8.38/32, fd21::1/128");
}

TEST(ResolveGroupsTest, AGroupMayHaveItsOwnBesideOthers) {
  PlanBuilder builder;
  builder.Nodes("one", {"par-1"});
  builder.Add("more", Group{.nodes = {"lon-1"}, .all = {"one"}});
  EXPECT_THAT(Find(builder, LondonAndParis(), "more").nodes, ElementsAre("lon-1", "par-1"));
}

TEST(ResolveGroupsTest, AllIsEveryNode) {
  PlanBuilder builder;
  builder.Cidrs("london", {"172.32.0.0/16"}).Made("rest", {"all"}, {"london"});
  // Not by its IPv6 address either: a node that is in London is not in the rest.
  const Found rest = Find(builder, LondonAndParis(), "rest");
  EXPECT_THAT(rest.nodes, ElementsAre("par-1", "par-2"));
  EXPECT_EQ(rest.addresses, "172.33.7.44/32, 172.33.8.38/32, fd21::1/128, fd21::2/128");
  EXPECT_THAT(Find(builder, LondonAndParis(), "all").nodes, SizeIs(4));
}

TEST(ResolveGroupsTest, ANodeTakenAwayByNameTakesItsAddressesAlong) {
  PlanBuilder builder;
  builder.Cidrs("g", {"10.0.0.0/30"}).Nodes("one", {"n02"}).Made("rest", {"g"}, {"one"});
  const Found rest = Find(builder, FleetOf(3), "rest");
  EXPECT_THAT(rest.nodes, ElementsAre("n01", "n03"));
  EXPECT_EQ(rest.addresses, "10.0.0.0/31, 10.0.0.3/32");
}

TEST(ResolveGroupsTest, ANodeWithAnAddressInWhatIsTakenAwayIsGone) {
  const Inventory inventory = {{Node("a", {"10.0.0.1", "10.1.0.1", "192.168.0.1"}), Node("b", {"10.0.0.2"})}};
  PlanBuilder builder;
  builder.Add("g", Group{.cidrs = Set({"10.0.0.0/15"}), .nodes = {"a"}});
  builder.Cidrs("away", {"10.0.0.0/16"}).Made("rest", {"g"}, {"away"});
  const Found rest = Find(builder, inventory, "rest");
  EXPECT_THAT(rest.nodes, ::testing::IsEmpty());
  EXPECT_EQ(rest.addresses,
            "10.1.0.0/32, 10.1.0.2/31, 10.1.0.4/30, 10.1.0.8/29, 10.1.0.16/28, 10.1.0.32/27, 10.1.0.64/26, "
            "10.1.0.128/25, 10.1.1.0/24, 10.1.2.0/23, 10.1.4.0/22, 10.1.8.0/21, 10.1.16.0/20, 10.1.32.0/19, "
            "10.1.64.0/18, 10.1.128.0/17");
}

TEST(ResolveGroupsTest, ExceptionsAreTakenFromTheWholeUnion) {
  PlanBuilder builder;
  builder.Nodes("a", {"n01", "n02"}).Nodes("b", {"n02", "n03"}).Nodes("x", {"n02"}).Made("g", {"a", "b"}, {"x"});
  EXPECT_THAT(Find(builder, FleetOf(4), "g").nodes, ElementsAre("n01", "n03"));
}

TEST(ResolveGroupsTest, DrawsNodesOfAGroup) {
  PlanBuilder builder;
  builder.Nodes("g", {"*"});
  builder.Drawn("two", {.count = 2, .of = "g"});
  builder.Drawn("few", {.amount = Draw::Amount::kMinority, .of = "g"});
  builder.Drawn("most", {.amount = Draw::Amount::kMajority, .of = "g"});
  builder.Made("rest", {"g"}, {"most"});
  for (int nodes = 3; nodes < 12; ++nodes) {
    EXPECT_THAT(Find(builder, FleetOf(nodes), "two").nodes, SizeIs(2));
    const std::size_t few = Find(builder, FleetOf(nodes), "few").nodes.size();
    const std::size_t most = Find(builder, FleetOf(nodes), "most").nodes.size();
    const auto all = static_cast<std::size_t>(nodes);
    EXPECT_TRUE(2 * few < all && 2 * (few + 1) >= all) << nodes;
    EXPECT_TRUE(2 * most > all && 2 * (most - 1) <= all) << nodes;
    EXPECT_THAT(Find(builder, FleetOf(nodes), "rest").nodes, SizeIs(all - most));
  }
}

TEST(ResolveGroupsTest, ADrawOfADrawIsAPartOfIt) {
  PlanBuilder builder;
  builder.Nodes("g", {"*"});
  builder.Drawn("five", {.count = 5, .of = "g"});
  builder.Drawn("one", {.count = 1, .of = "five"});
  const std::vector<std::string> five = Find(builder, FleetOf(20), "five").nodes;
  EXPECT_THAT(five, ::testing::IsSupersetOf(Find(builder, FleetOf(20), "one").nodes));
}

TEST(ResolveGroupsTest, ADrawnNodeHasTheAddressesItHasInTheGroup) {
  const Inventory inventory = {{Node("a", {"10.0.0.1", "192.168.0.1"})}};
  PlanBuilder builder;
  builder.Cidrs("data", {"10.0.0.0/8"}).Drawn("one", {.of = "data"});
  EXPECT_EQ(Find(builder, inventory, "one").addresses, "10.0.0.1/32");
}

TEST(ResolveGroupsTest, ANewNodeChangesADrawByOneAtMost) {
  int changed = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    PlanBuilder builder(seed);
    builder.Nodes("g", {"*"}).Drawn("three", {.count = 3, .of = "g"});
    const std::vector<std::string> before = Find(builder, FleetOf(10), "three").nodes;
    const std::vector<std::string> after = Find(builder, FleetOf(11), "three").nodes;
    std::vector<std::string> gone;
    std::set_difference(before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(gone));
    ASSERT_LE(gone.size(), 1U);
    changed += gone.empty() ? 0 : 1;
  }
  // 3 of 11 are due.
  EXPECT_GT(changed, 10);
  EXPECT_LT(changed, 50);
}

// Members by the words of Group, for random groups made of each other.
TEST(ResolveGroupsTest, EqualsSetsOfNodes) {
  int compared = 0;
  for (std::uint32_t seed = 1; seed <= 100; ++seed) {
    std::mt19937 random(seed);
    const Inventory inventory = FleetOf(12);
    PlanBuilder builder(seed);
    std::vector<std::set<std::string>> members;
    for (std::size_t number = 0; number < 8; ++number) {
      Group group;
      std::set<std::string> expected;
      for (const InventoryNode& node : inventory.nodes) {
        if (random() % 4 != 0) continue;
        expected.insert(node.name.text());
        if (random() % 2 == 0) {
          group.nodes.push_back(node.name.text());
        } else {
          // By all its addresses, so that being a member of it by address and by name is the same.
          group.cidrs = group.cidrs.Union(Set({node.addresses[0].ToString(), node.addresses[1].ToString()}));
        }
      }
      for (std::size_t other = 0; other < number; ++other) {
        const bool add = random() % 4 == 0;
        if (add) group.all.push_back(absl::StrCat("g", other));
        if (add) expected.insert(members[other].begin(), members[other].end());
      }
      for (std::size_t other = 0; other < number; ++other) {
        if (random() % 4 != 0) continue;
        group.except.push_back(absl::StrCat("g", other));
        for (const std::string& name : members[other]) expected.erase(name);
      }
      if (expected.empty()) {
        group = Group{.nodes = {"n01"}};
        expected = {"n01"};
      }
      builder.Add(absl::StrCat("g", number), group);
      members.push_back(expected);
    }
    for (std::size_t number = 0; number < 8; ++number) {
      const Found found = Find(builder, inventory, absl::StrCat("g", number));
      ASSERT_EQ(std::set<std::string>(found.nodes.begin(), found.nodes.end()), members[number])
          << "seed " << seed << " group " << number;
      ++compared;
    }
  }
  EXPECT_EQ(compared, 800);
}

TEST(GroupErrorsTest, ADrawThatCannotBe) {
  PlanBuilder builder;
  builder.Nodes("g", {"n01", "n02"}).Cidrs("far", {"192.0.2.0/24"});
  builder.Drawn("three", {.count = 3, .of = "g"});
  builder.Drawn("few", {.amount = Draw::Amount::kMinority, .of = "g"});
  builder.Drawn("none", {.count = 1, .of = "far"});
  builder.Step("cut", Isolate{"three", std::nullopt});
  EXPECT_THAT(builder.ErrorsIn(FleetOf(3)),
              ElementsAre("p:5:3: group 'three' is to be 3 nodes of 'g', which has 2 nodes",
                          "p:6:3: group 'few' is to be a minority of 'g', which has 2 nodes; that takes 3 or more",
                          "p:7:3: group 'none': 'far' has no connected node to draw"));
}

TEST(GroupErrorsTest, AnExceptionThatLeavesNothing) {
  PlanBuilder builder;
  builder.Nodes("a", {"n01"}).Nodes("b", {"n0*"}).Made("rest", {"a"}, {"b"});
  EXPECT_THAT(builder.ErrorsIn(FleetOf(3)), ElementsAre("p:5:3: group 'rest' is empty: 'except' takes all of it away"));
}

TEST(GroupErrorsTest, ANameOfWhichNoAddressIsKnown) {
  PlanBuilder builder;
  Group group;
  group.dns = {{"db.example.com", {3, 9}}};
  builder.Add("db", group);
  EXPECT_THAT(builder.ErrorsIn(FleetOf(1)),
              ElementsAre("p:3:3: group 'db' is empty: no address is known of 'db.example.com'"));
}

TEST(GroupErrorsTest, IsSaidOnceAndNotOfGroupsMadeFromIt) {
  PlanBuilder builder;
  builder.Nodes("gone", {"x"}).Made("more", {"gone"}, {}).Drawn("one", {.of = "gone"});
  builder.Step("cut", Isolate{"more", std::nullopt});
  EXPECT_THAT(builder.ErrorsIn(FleetOf(1)),
              ElementsAre("p:3:3: group 'gone' matches no connected node: it asks for node 'x'"));
}

// Plans that were not read from a text may hold anything.
TEST(GroupErrorsTest, UnknownOrPartOfItself) {
  PlanBuilder builder;
  builder.Made("a", {"b"}, {}).Made("b", {"a"}, {}).Made("c", {"d"}, {});
  EXPECT_THAT(builder.ErrorsIn(FleetOf(1)),
              ElementsAre("p:4:3: group 'b' is part of itself, by way of 'a'", "p:5:3: group 'c': unknown group 'd'"));
}

}  // namespace
}  // namespace faultline
