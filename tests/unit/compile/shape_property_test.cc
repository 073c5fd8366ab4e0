#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "controller/compile/compiler.h"
#include "controller/compile/predict.h"
#include "tests/unit/compile/plan_builder.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing_support::FleetOf;
using testing_support::Ip;
using testing_support::Node;
using testing_support::Options;
using testing_support::PlanBuilder;
using testing_support::Set;
using testing_support::TakeFrom;

// One end of a packet; without a node it is a host without an agent.
struct ShapeEnd {
  IpAddress address;
  const InventoryNode* node = nullptr;
  const Timeline* timeline = nullptr;
};

std::vector<ShapeEnd> EndsIn(const Inventory& inventory, const Compiled& compiled,
                             const std::vector<IpAddress>& strangers) {
  std::vector<ShapeEnd> ends;
  for (std::size_t i = 0; i < inventory.nodes.size(); ++i) {
    for (const IpAddress& address : inventory.nodes[i].addresses) {
      ends.push_back({address, &inventory.nodes[i], &compiled.timelines[i]});
    }
  }
  for (const IpAddress& address : strangers) ends.push_back({address, nullptr, nullptr});
  return ends;
}

bool Passes(const ShapeEnd& from, const ShapeEnd& to, const Step& step) {
  const Stage stage = {.name = "s", .start = step.at, .end = step.at, .active = {step.index}};
  const Packet packet = PacketOfProbe(from.address, to.address, 7401);
  return Predict(from.timeline, to.timeline, packet, stage).arrives == 1;
}

// Who hears whom among a group's nodes, itself counted in: by what the compiled rules do, not by how they were made.
using Hearing = std::vector<std::set<std::size_t>>;

struct ShapeWorld {
  std::size_t hosts = 0;
  Hearing hears;
};

// The sets of nodes that hear each other, when each node hears exactly its own set; else nothing.
std::vector<std::set<std::size_t>> Cliques(const Hearing& hears, const std::set<std::size_t>& nodes) {
  std::set<std::set<std::size_t>> cliques;
  for (const std::size_t node : nodes) {
    std::set<std::size_t> heard;
    std::set_intersection(hears[node].begin(), hears[node].end(), nodes.begin(), nodes.end(),
                          std::inserter(heard, heard.end()));
    for (const std::size_t other : heard) {
      std::set<std::size_t> others;
      std::set_intersection(hears[other].begin(), hears[other].end(), nodes.begin(), nodes.end(),
                            std::inserter(others, others.end()));
      if (others != heard) return {};
    }
    cliques.insert(heard);
  }
  return {cliques.begin(), cliques.end()};
}

std::set<std::size_t> Everyone(std::size_t hosts) {
  std::set<std::size_t> all;
  for (std::size_t i = 0; i < hosts; ++i) all.insert(i);
  return all;
}

std::vector<std::size_t> Sizes(const std::vector<std::set<std::size_t>>& sets) {
  std::vector<std::size_t> sizes;
  for (const std::set<std::size_t>& set : sets) sizes.push_back(set.size());
  std::sort(sizes.begin(), sizes.end());
  return sizes;
}

class ShapePropertyTest : public ::testing::Test {
 protected:
  // Makes 150 random fleets of 1 to 30 nodes in the group and some beside it, and compiles one step of the shape; where
  // the group has fewer than `least` nodes there must be this very error, and elsewhere `check` is asked.
  void ForEveryWorld(const Shape& shape, const std::string& name, std::size_t least,
                     const std::function<void(const ShapeWorld&)>& check) {
    std::set<std::size_t> seen;
    for (std::uint32_t seed = 1; seed <= 150 && !HasFatalFailure(); ++seed) {
      SCOPED_TRACE(::testing::Message() << "seed " << seed);
      std::mt19937 random(seed);
      const std::size_t hosts = 1 + random() % 30;
      const std::size_t others = random() % 4;
      const bool by_cidr = random() % 2 == 0;
      inventory_ = FleetOf(static_cast<int>(hosts + others));
      for (std::size_t i = hosts; i < hosts + others; ++i) {
        inventory_.nodes[i].addresses = {Ip(absl::StrCat("192.168.0.", i)), Ip(absl::StrCat("fd01::", i))};
      }
      PlanBuilder builder(random());
      if (by_cidr) {
        builder.Cidrs("g", {"10.0.0.0/16"});
      } else {
        std::vector<std::string> names;
        for (std::size_t i = 0; i < hosts; ++i) names.push_back(inventory_.nodes[i].name.text());
        builder.Nodes("g", names);
      }
      builder.Step("cut", shape);
      if (hosts < least) {
        ASSERT_THAT(builder.ErrorsIn(inventory_),
                    ElementsAre(absl::StrCat("p:20:5: step 'cut': '", name, "' needs at least ", least,
                                             " nodes; group 'g' has ", hosts)));
        continue;
      }
      seen.insert(hosts);
      ASSERT_NO_FATAL_FAILURE(Check(builder.Compile(inventory_), hosts, by_cidr, check));
    }
    EXPECT_GE(seen.size(), 30 - least + 1);
  }

 private:
  void Check(const Compiled& compiled, std::size_t hosts, bool by_cidr,
             const std::function<void(const ShapeWorld&)>& check) {
    ASSERT_THAT(compiled.errors, IsEmpty());
    const Step& step = compiled.timelines.front().steps.front();
    const std::vector<ShapeEnd> ends =
        EndsIn(inventory_, compiled, {Ip("10.0.99.99"), Ip("192.0.2.1"), Ip("fd00::9999")});
    ShapeWorld world = {.hosts = hosts, .hears = Hearing(hosts)};
    Hearing in_v6(hosts);
    for (const ShapeEnd& from : ends) {
      for (const ShapeEnd& to : ends) {
        if (from.address.family() != to.address.family()) continue;
        const std::size_t sender = PlaceOf(from);
        const std::size_t receiver = PlaceOf(to);
        const bool passes = Passes(from, to, step);
        if (sender >= hosts || receiver >= hosts) {
          ASSERT_TRUE(passes) << "others are left alone: " << from.address.ToString() << " " << to.address.ToString();
        } else if (passes) {
          (from.address.family() == Family::kIpv4 ? world.hears : in_v6)[receiver].insert(sender);
        }
      }
    }
    // CIDRs of IPv4 say nothing of IPv6.
    ASSERT_EQ(in_v6, by_cidr ? Hearing(hosts, Everyone(hosts)) : world.hears);
    check(world);
  }

  std::size_t PlaceOf(const ShapeEnd& end) const {
    return end.node == nullptr ? inventory_.nodes.size() : static_cast<std::size_t>(end.node - &inventory_.nodes[0]);
  }

  Inventory inventory_;
};

TEST_F(ShapePropertyTest, HalvesAreTwoThatHearNothingOfEachOther) {
  ForEveryWorld({.kind = Shape::Kind::kHalves, .of = "g"}, "halves", 2, [](const ShapeWorld& world) {
    EXPECT_THAT(Sizes(Cliques(world.hears, Everyone(world.hosts))),
                ElementsAre(world.hosts / 2, (world.hosts + 1) / 2));
  });
}

TEST_F(ShapePropertyTest, ABridgeIsHeardByAllAndHearsAll) {
  ForEveryWorld({.kind = Shape::Kind::kBridge, .of = "g"}, "bridge", 3, [](const ShapeWorld& world) {
    std::set<std::size_t> rest = Everyone(world.hosts);
    std::size_t bridges = 0;
    for (std::size_t node = 0; node < world.hosts; ++node) {
      const auto hears_it = [node](const std::set<std::size_t>& hears) { return hears.contains(node); };
      if (world.hears[node].size() < world.hosts) continue;
      ASSERT_TRUE(std::all_of(world.hears.begin(), world.hears.end(), hears_it));
      ++bridges;
      rest.erase(node);
    }
    ASSERT_EQ(bridges, 1U);
    EXPECT_THAT(Sizes(Cliques(world.hears, rest)), ElementsAre((world.hosts - 1) / 2, world.hosts / 2));
  });
}

TEST_F(ShapePropertyTest, InARingEachHearsAMajorityOfItsOwn) {
  ForEveryWorld({.kind = Shape::Kind::kMajoritiesRing, .of = "g"}, "majorities-ring", 3, [](const ShapeWorld& world) {
    std::set<std::set<std::size_t>> heard;
    for (std::size_t node = 0; node < world.hosts; ++node) {
      const std::set<std::size_t>& hears = world.hears[node];
      ASSERT_TRUE(hears.contains(node));
      ASSERT_GT(2 * hears.size(), world.hosts);
      ASSERT_LT(hears.size(), world.hosts);
      ASSERT_TRUE(heard.insert(hears).second) << "no two hear the same";
      // Three that hear two each can only hear in a circle.
      if (world.hosts == 3) continue;
      for (const std::size_t other : hears) ASSERT_TRUE(world.hears[other].contains(node));
    }
  });
}

TEST_F(ShapePropertyTest, IslandsAreAsManyAsWanted) {
  for (const std::uint32_t islands : {2U, 3U, 7U}) {
    ForEveryWorld({.kind = Shape::Kind::kIslands, .of = "g", .islands = islands}, "islands", islands,
                  [islands](const ShapeWorld& world) {
                    const std::vector<std::size_t> sizes = Sizes(Cliques(world.hears, Everyone(world.hosts)));
                    ASSERT_EQ(sizes.size(), islands);
                    EXPECT_LE(sizes.back() - sizes.front(), 1U);
                    EXPECT_EQ(std::accumulate(sizes.begin(), sizes.end(), std::size_t{0}), world.hosts);
                  });
  }
}

// Of a random fleet, some nodes isolated from some others or from all the world.
class IsolateCase {
 public:
  explicit IsolateCase(std::uint32_t seed) : random_(seed), builder_(seed) {
    const int hosts = 1 + Below(30);
    inventory_ = FleetOf(hosts);
    for (InventoryNode& node : inventory_.nodes) {
      if (Chance(20)) node.addresses.pop_back();
      if (weak_ && Chance(20)) TakeFrom(node, Capability::kEgressHook);
    }
    AddGroup("g", group_);
    AddGroup("h", from_);
    if (!world_) builder_.Step("cut", Isolate{"g", "h"});
    if (world_) builder_.Step("cut", Isolate{"g", std::nullopt});
  }

  // Straight from the words.
  bool Expected(const ShapeEnd& from, const ShapeEnd& to) const {
    if (from.node != nullptr && from.node == to.node) return true;
    const bool crosses = (In(group_, from) && Outside(to)) || (In(group_, to) && Outside(from));
    const bool anyone_acts =
        to.node != nullptr || (from.node != nullptr && from.node->has.Has(Capability::kEgressHook));
    return !crosses || !anyone_acts;
  }

  const Inventory& inventory() const { return inventory_; }
  Compiled Compile() const { return builder_.Compile(inventory_); }
  bool world() const { return world_; }
  bool MembersCanSend() const {
    return std::all_of(inventory_.nodes.begin(), inventory_.nodes.end(), [this](const InventoryNode& node) {
      return !group_.nodes.contains(node.name.text()) || node.has.Has(Capability::kEgressHook);
    });
  }
  bool BeyondAgents() const { return !group_.cidrs.empty(); }
  bool Member(const NodeName& name) const { return group_.nodes.contains(name.text()); }

 private:
  struct Hosts {
    std::set<std::string> nodes;
    PrefixSet cidrs;
  };

  int Below(int limit) { return static_cast<int>(random_() % static_cast<std::uint32_t>(limit)); }
  bool Chance(int percent) { return Below(100) < percent; }

  void AddGroup(const std::string& name, Hosts& hosts) {
    Group group;
    for (const InventoryNode& node : inventory_.nodes) {
      if (Chance(40)) hosts.nodes.insert(node.name.text());
    }
    if (hosts.nodes.empty()) hosts.nodes.insert(inventory_.nodes.front().name.text());
    if (Chance(30)) hosts.cidrs = Set({"198.51.100.0/24"});
    group.nodes = {hosts.nodes.begin(), hosts.nodes.end()};
    group.cidrs = hosts.cidrs;
    builder_.Add(name, group);
  }

  static bool In(const Hosts& hosts, const ShapeEnd& end) {
    return end.node != nullptr ? hosts.nodes.contains(end.node->name.text()) : hosts.cidrs.Contains(end.address);
  }
  bool Outside(const ShapeEnd& end) const {
    // With no IPv6 in the group nothing of it can be cut off.
    return !In(group_, end) && (world_ || In(from_, end));
  }

  std::mt19937 random_;
  PlanBuilder builder_;
  const bool world_ = Chance(50);
  const bool weak_ = Chance(50);
  Inventory inventory_;
  Hosts group_;
  Hosts from_;
};

TEST(IsolatePropertyTest, NothingCrossesAndAllElsePasses) {
  int compiled_cases = 0;
  int worlds = 0;
  for (std::uint32_t seed = 1; seed <= 250; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    const IsolateCase one(seed);
    const Compiled compiled = one.Compile();
    // Others have their own tests: groups that hold each other, nodes that can do nothing.
    if (!compiled.errors.empty()) continue;
    ++compiled_cases;
    worlds += one.world() ? 1 : 0;
    const Step& step = compiled.timelines.front().steps.front();
    const std::vector<ShapeEnd> ends = EndsIn(
        one.inventory(), compiled,
        {Ip("198.51.100.7"), Ip("192.0.2.1"), Ip("0.0.0.1"), Ip("8.8.8.8"), Ip("255.255.255.254"), Ip("2001:db8::1")});
    for (const ShapeEnd& from : ends) {
      for (const ShapeEnd& to : ends) {
        if (from.address.family() != to.address.family()) continue;
        ASSERT_EQ(Passes(from, to, step), one.Expected(from, to))
            << from.address.ToString() << " to " << to.address.ToString();
      }
    }
  }
  EXPECT_GE(compiled_cases, 100);
  EXPECT_GE(worlds, 50);
}

TEST(IsolatePropertyTest, OnlyTheIsolatedActWhenTheyCan) {
  int alone = 0;
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    const IsolateCase one(seed);
    if (!one.world() || one.BeyondAgents() || !one.MembersCanSend()) continue;
    const Compiled compiled = one.Compile();
    ASSERT_THAT(compiled.errors, IsEmpty());
    ++alone;
    for (const Timeline& timeline : compiled.timelines) {
      ASSERT_EQ(!timeline.steps.front().rules.empty(), one.Member(timeline.node));
    }
  }
  EXPECT_GE(alone, 30);
}

}  // namespace
}  // namespace faultline
